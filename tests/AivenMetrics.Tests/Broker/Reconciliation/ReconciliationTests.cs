using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>Whole cycles: from a bind in the database to the simulated Aiven, and back.</summary>
public sealed class ReconciliationTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bind_integrates_its_space_and_nothing_else()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        var cycle = bed.NewCycle();
        await cycle.RunAsync(Ct);

        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-search"));
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-cache"));
        Assert.Equal((ConditionReasons.PlanWithoutIntegrations, false), await bed.ConditionAsync("forecast-scratch"));
        Assert.Equal((ConditionReasons.NotNeeded, false), await bed.ConditionAsync("website-events"));
        Assert.Equal((ConditionReasons.TypeNotEligible, false), await bed.ConditionAsync("website-history"));
        Assert.Empty(await bed.ActualIntegrationsAsync("beacons-db"));
        Assert.Single(await bed.CallsAsync(), call => call == "GET /service");
    }

    [Fact]
    public async Task A_settled_cycle_is_one_list_call()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        var cycle = bed.NewCycle();
        await cycle.RunAsync(Ct);
        await bed.CallsAsync();
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        await cycle.RunAsync(Ct);
        Assert.Equal(["GET /service"], await bed.CallsAsync());
    }

    [Fact]
    public async Task The_scrape_credentials_at_Aiven_are_the_ones_kept_encrypted()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        var record = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!;
        var password = bed.Secrets.Unprotect(record.ScrapePassword!, SecretProtector.ScrapePasswordPurpose);
        var endpoint = (await bed.ApiAsync(HttpMethod.Get, $"/integration_endpoint/{record.EndpointId}?include_secrets=true"))[
            "service_integration_endpoint"
        ]!;
        Assert.Equal(
            (record.ScrapeUsername, password),
            ((string?)endpoint["user_config"]!["basic_auth_username"], (string)endpoint["user_config"]!["basic_auth_password"]!)
        );
        Assert.True(password.Length >= 32);
        Assert.Matches("^[a-z0-9@_-]{5,32}$", record.ScrapeUsername);
        Assert.StartsWith("-----BEGIN CERTIFICATE-----", record.CaCertificate, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_existing_endpoint_of_our_name_is_adopted_with_our_credentials()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.ApiAsync(
            HttpMethod.Post,
            "/integration_endpoint",
            new
            {
                endpoint_name = "aiven-metrics",
                endpoint_type = "prometheus",
                user_config = new { basic_auth_username = "somebody", basic_auth_password = "something" },
            }
        );
        await bed.NewCycle().RunAsync(Ct);
        var record = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!;
        var endpoint = (await bed.ApiAsync(HttpMethod.Get, $"/integration_endpoint/{record.EndpointId}?include_secrets=true"))[
            "service_integration_endpoint"
        ]!;
        Assert.Equal(
            bed.Secrets.Unprotect(record.ScrapePassword!, SecretProtector.ScrapePasswordPurpose),
            (string?)endpoint["user_config"]!["basic_auth_password"]
        );
    }

    [Fact]
    public async Task A_crash_between_creating_and_storing_the_endpoint_leaves_one_endpoint()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.FaultAsync(
            new
            {
                method = "POST",
                path = "*/integration_endpoint",
                reset = true,
                after = true,
            }
        );
        var outcome = await bed.NewCycle().RunAsync(Ct);
        Assert.False(outcome.Services.Single(service => service.IsNeeded).Condition.IsSettled);
        await bed.NewCycle().RunAsync(Ct);
        Assert.Single((await bed.ApiAsync(HttpMethod.Get, "/integration_endpoint"))["service_integration_endpoints"]!.AsArray());
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
    }

    [Fact]
    public async Task A_crash_between_the_row_and_the_call_is_finished_by_the_next_cycle()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.Integrations.SaveAsync(Row(bed, "forecast-db"), Ct);
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal(await bed.ActualIntegrationsAsync("forecast-db"), [(await bed.RowAsync("forecast-db"))!.IntegrationId!]);
        Assert.True((await bed.RowAsync("forecast-db"))!.CreatedByUs);
    }

    [Fact]
    public async Task A_call_whose_response_was_lost_is_not_repeated_and_its_result_is_adopted()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.FaultAsync(
            new
            {
                method = "POST",
                path = "*/integration",
                status = 504,
                body = "html",
                after = true,
            }
        );
        await bed.CallsAsync();
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.AivenUnavailable, false), await bed.ConditionAsync("forecast-db"));
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        Assert.True((await bed.RowAsync("forecast-db"))!.CreatedByUs);
        Assert.Single(await bed.CallsAsync(), call => call == "POST /integration");
    }

    [Fact]
    public async Task An_integration_that_somebody_else_creates_at_the_same_time_is_adopted_and_never_deleted()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        var binding = await bed.BindAsync("forecast-db", "forecast-db");
        await bed.FaultAsync(
            new
            {
                method = "POST",
                path = "*/integration",
                delay_seconds = 0.7,
            }
        );
        var cycle = bed.NewCycle().RunAsync(Ct);
        while ((await bed.AdminAsync(HttpMethod.Get, "/faults"))["faults"]!.AsArray().Count > 0)
        {
            await Task.Delay(10, Ct);
        }
        var endpoint = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!.EndpointId;
        await bed.ApiAsync(
            HttpMethod.Post,
            "/integration",
            new
            {
                integration_type = "prometheus",
                source_service = ReconciliationFixture.Seeded("forecast-db").Name,
                dest_endpoint_id = endpoint,
            }
        );
        await cycle;
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        Assert.False((await bed.RowAsync("forecast-db"))!.CreatedByUs);

        await bed.UnbindAsync(binding);
        await bed.NewCycle().RunAsync(Ct);
        bed.Time.Advance(bed.Options.GracePeriod);
        await bed.NewCycle().RunAsync(Ct);
        Assert.Null(await bed.RowAsync("forecast-db"));
        Assert.Single(await bed.ActualIntegrationsAsync("forecast-db"));
    }

    [Fact]
    public async Task A_409_for_a_second_attempt_means_that_the_first_succeeded()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.Integrations.SaveAsync(Row(bed, "forecast-db"), Ct);
        await bed.FaultAsync(
            new
            {
                method = "POST",
                path = "*/integration",
                delay_seconds = 0.7,
            }
        );
        var cycle = bed.NewCycle().RunAsync(Ct);
        while ((await bed.AdminAsync(HttpMethod.Get, "/faults"))["faults"]!.AsArray().Count > 0)
        {
            await Task.Delay(10, Ct);
        }
        var endpoint = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!.EndpointId;
        await bed.ApiAsync(
            HttpMethod.Post,
            "/integration",
            new
            {
                integration_type = "prometheus",
                source_service = ReconciliationFixture.Seeded("forecast-db").Name,
                dest_endpoint_id = endpoint,
            }
        );
        await cycle;
        Assert.True((await bed.RowAsync("forecast-db"))!.CreatedByUs);
    }

    [Fact]
    public async Task An_integration_to_a_foreign_endpoint_is_not_changed()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        var theirs = await bed.ApiAsync(
            HttpMethod.Post,
            "/integration_endpoint",
            new
            {
                endpoint_name = "theirs",
                endpoint_type = "prometheus",
                user_config = new { },
            }
        );
        await bed.ApiAsync(
            HttpMethod.Post,
            "/integration",
            new
            {
                integration_type = "prometheus",
                source_service = ReconciliationFixture.Seeded("forecast-db").Name,
                dest_endpoint_id = (string)theirs["service_integration_endpoint"]!["endpoint_id"]!,
            }
        );
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.IntegratedElsewhere, false), await bed.ConditionAsync("forecast-db"));
        Assert.DoesNotContain(await bed.CallsAsync(), call => call.StartsWith("DELETE", StringComparison.Ordinal));
        Assert.Null(await bed.RowAsync("forecast-db"));
    }

    [Fact]
    public async Task A_plan_without_integrations_is_tried_once_until_the_plan_changes()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-scratch", "forecast-scratch");
        for (var i = 0; i < 3; i++)
        {
            await bed.NewCycle().RunAsync(Ct);
            bed.Time.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal((ConditionReasons.PlanWithoutIntegrations, false), await bed.ConditionAsync("forecast-scratch"));
        Assert.Single(await bed.CallsAsync(), call => call == "POST /integration");
        await bed.AdminAsync(
            HttpMethod.Patch,
            $"/projects/demo/services/{ReconciliationFixture.Seeded("forecast-scratch").Name}",
            new { plan = "startup-4" }
        );
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-scratch"));
    }

    [Fact]
    public async Task A_powered_off_service_loses_its_targets_until_it_is_powered_on()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("beacons-db");
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.PoweredOff, false), await bed.ConditionAsync("beacons-old-db"));
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("beacons-db"));
        var service = $"/projects/demo/services/{ReconciliationFixture.Seeded("beacons-db").Name}";
        await bed.AdminAsync(HttpMethod.Post, service + "/power-off");
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.PoweredOff, false), await bed.ConditionAsync("beacons-db"));
        Assert.NotNull(await bed.RowAsync("beacons-db"));
        await bed.AdminAsync(HttpMethod.Post, service + "/power-on");
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("beacons-db"));
    }

    [Fact]
    public async Task Integrations_that_a_second_binding_needs_are_kept()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        var space = await bed.BindAsync("forecast-db");
        var one = await bed.BindAsync("forecast-db", "forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        await bed.UnbindAsync(space);
        await bed.NewCycle().RunAsync(Ct);
        bed.Time.Advance(bed.Options.GracePeriod);
        await bed.NewCycle().RunAsync(Ct);
        Assert.Single(await bed.ActualIntegrationsAsync("forecast-db"));
        Assert.Empty(await bed.ActualIntegrationsAsync("forecast-search"));
        Assert.Equal((ConditionReasons.NotNeeded, false), await bed.ConditionAsync("forecast-search"));

        await bed.UnbindAsync(one);
        await bed.NewCycle().RunAsync(Ct);
        bed.Time.Advance(bed.Options.GracePeriod - TimeSpan.FromSeconds(1));
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        bed.Time.Advance(TimeSpan.FromSeconds(1));
        await bed.NewCycle().RunAsync(Ct);
        Assert.Empty(await bed.ActualIntegrationsAsync("forecast-db"));
        Assert.Null(await bed.RowAsync("forecast-db"));
    }

    [Fact]
    public async Task A_bind_in_the_grace_period_changes_nothing_at_Aiven()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        var first = await bed.BindAsync("forecast-db", "forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        var before = await bed.ActualIntegrationsAsync("forecast-db");
        await bed.UnbindAsync(first);
        await bed.NewCycle().RunAsync(Ct);
        bed.Time.Advance(TimeSpan.FromMinutes(5));
        await bed.BindAsync("forecast-db", "forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        bed.Time.Advance(bed.Options.GracePeriod);
        await bed.NewCycle().RunAsync(Ct);
        Assert.Equal(before, await bed.ActualIntegrationsAsync("forecast-db"));
    }

    [Fact]
    public async Task A_deleted_endpoint_is_created_again_with_its_integrations_and_credentials()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        var before = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!;
        await bed.ApiAsync(HttpMethod.Delete, $"/integration_endpoint/{before.EndpointId}");
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        await bed.NewCycle().RunAsync(Ct);
        var after = (await bed.Inventory.FindProjectAsync(new("demo"), Ct))!;
        Assert.NotEqual(before.EndpointId, after.EndpointId);
        Assert.Equal(before.ScrapePassword, after.ScrapePassword);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-cache"));
        Assert.Single(await bed.ActualIntegrationsAsync("forecast-search"));
    }

    [Fact]
    public async Task An_endpoint_deleted_before_a_new_integration_is_detected_by_the_error()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        var cycle = bed.NewCycle();
        await cycle.RunAsync(Ct);
        await bed.ApiAsync(
            HttpMethod.Delete,
            $"/integration_endpoint/{(await bed.Inventory.FindProjectAsync(new("demo"), Ct))!.EndpointId}"
        );
        await bed.BindAsync("forecast-db", "forecast-db");
        await cycle.RunAsync(Ct);
        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
    }

    [Fact]
    public async Task If_the_list_fails_the_inventory_is_unchanged()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        var before = await bed.Inventory.ServicesOfProjectAsync(new("demo"), Ct);
        var at = await bed.Inventory.OldestInventoryTimeAsync([new("demo")], Ct);
        bed.Time.Advance(TimeSpan.FromMinutes(1));
        await bed.FaultAsync(
            new
            {
                method = "GET",
                path = "*/service",
                status = 500,
            }
        );
        await Assert.ThrowsAsync<AivenException>(() => bed.NewCycle().RunAsync(Ct));
        Assert.Equal(
            before.Select(service => (service.ServiceName, service.Reason, service.IsScraped)),
            (await bed.Inventory.ServicesOfProjectAsync(new("demo"), Ct)).Select(service =>
                (service.ServiceName, service.Reason, service.IsScraped)
            )
        );
        Assert.Equal(at, await bed.Inventory.OldestInventoryTimeAsync([new("demo")], Ct));
    }

    [Fact]
    public async Task A_failing_service_does_not_stop_others_and_is_retried_with_backoff()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.NewCycle().RunAsync(Ct);
        await bed.BindAsync("forecast-db", "forecast-db", "forecast-search", "forecast-cache");
        await bed.FaultAsync(
            new
            {
                method = "POST",
                path = "*/integration",
                status = 429,
                message = "Rate limit 120 exceeded - try again in 0s",
            }
        );
        await bed.NewCycle().RunAsync(Ct);
        string[] names = ["forecast-db", "forecast-search", "forecast-cache"];
        var conditions = new List<(string Reason, bool Scraped)>();
        foreach (var name in names)
        {
            conditions.Add(await bed.ConditionAsync(name));
        }
        Assert.Equal(2, conditions.Count(condition => condition.Scraped));
        Assert.Single(conditions, condition => condition.Reason == ConditionReasons.AivenUnavailable);
        bed.Time.Advance(TimeSpan.FromSeconds(3));
        await bed.NewCycle().RunAsync(Ct);
        foreach (var name in names)
        {
            Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync(name));
        }
    }

    [Fact]
    public async Task A_deleted_service_leaves_no_row()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        await bed.AdminAsync(HttpMethod.Delete, $"/projects/demo/services/{ReconciliationFixture.Seeded("forecast-db").Name}");
        await bed.NewCycle().RunAsync(Ct);
        Assert.Null(await bed.RowAsync("forecast-db"));
        Assert.DoesNotContain(await bed.Inventory.ServicesOfProjectAsync(new("demo"), Ct), service =>
            service.ServiceName == ReconciliationFixture.Seeded("forecast-db").Name
        );
    }

    [Fact]
    public async Task Standby_nodes_are_scraped_under_their_own_name()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.BindAsync("forecast-db");
        await bed.NewCycle().RunAsync(Ct);
        await bed.NewCycle().RunAsync(Ct);
        var service = (await bed.Inventory.ServicesOfProjectAsync(new("demo"), Ct)).Single(service =>
            service.ServiceName == ReconciliationFixture.Seeded("forecast-db").Name
        );
        Assert.Equal(2, service.ScrapeHosts.Count);
        Assert.Single(service.ScrapeHosts, host => host.Host.StartsWith("replica-", StringComparison.Ordinal));
        Assert.All(service.ScrapeHosts, host => Assert.Equal((9273, "/metrics"), (host.Port, host.Path)));
    }

    private static IntegrationRecord Row(ReconciliationFixture bed, string name) =>
        new(new("demo"), ReconciliationFixture.Seeded(name).Name, null, true, bed.Time.GetUtcNow(), null, 0, bed.Time.GetUtcNow());
}
