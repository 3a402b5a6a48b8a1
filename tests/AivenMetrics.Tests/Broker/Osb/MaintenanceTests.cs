using System.Text.Json.Nodes;
using AivenMetrics.Broker;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>maintenance_info (docs/osb-conformance.md 33, 65 and 82) and dashboard_url (66 and 85).</summary>
public abstract class MaintenanceTests(BrokerHost broker)
{
    public sealed class OnSqlite(OnSqlite.Maintained broker) : MaintenanceTests(broker), IClassFixture<OnSqlite.Maintained>
    {
        public sealed class Maintained : BrokerHost
        {
            public Maintained() => Maintain(Options);
        }
    }

    public sealed class OnPostgres(OnPostgres.Maintained broker) : MaintenanceTests(broker), IClassFixture<OnPostgres.Maintained>
    {
        public sealed class Maintained : PostgresBroker
        {
            public Maintained(PostgresDatabases databases)
                : base(databases) => Maintain(Options);
        }
    }

    /// <summary>Configures a maintenance_info for plan <c>space</c>, and a dashboard.</summary>
    private static void Maintain(BrokerOptions options)
    {
        options.Catalog.SpacePlanMaintenanceVersion = "2.0.0";
        options.Catalog.SpacePlanMaintenanceDescription = "Renews the credentials.";
        options.DashboardUrl = "https://example.com/m/{instance_id}?o={organization_id}&s={space_id}#{instance_name}";
    }

    private static string NewPath => $"/v2/service_instances/{Guid.NewGuid()}";

    private static JsonObject With(JsonObject body, string? version)
    {
        body["maintenance_info"] = version is null
            ? null
            : new JsonObject
            {
                ["version"] = version,
                ["description"] = "whatever",
                ["x"] = 1,
            };
        return body;
    }

    private static JsonObject Patch(string? plan = null) =>
        plan is null
            ? new JsonObject { ["service_id"] = BrokerHost.OfferingId }
            : new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = plan };

    private async Task<string?> AppliedAsync(string path) =>
        (await broker.GetAsync(path)).Json.TryGetProperty("maintenance_info", out var info)
            ? info.GetProperty("version").GetString()
            : null;

    [Theory]
    [InlineData("2.0.0")]
    [InlineData(null)]
    public async Task Osb_65_the_catalogs_version_or_none_is_accepted_and_the_catalogs_is_fetched(string? version)
    {
        var path = NewPath;

        Assert.Equal(201, (await broker.PutAsync(path, With(BrokerHost.Provision(), version))).Status);
        Assert.Equal("2.0.0", await AppliedAsync(path));
    }

    [Theory]
    [InlineData(BrokerHost.SpacePlan, "1.0.0")]
    [InlineData(BrokerHost.SpacePlan, "2.0.0+other")]
    [InlineData(BrokerHost.ServicesPlan, "2.0.0")]
    public async Task Osb_65_another_version_than_the_plans_is_a_conflict_that_creates_nothing(string plan, string version)
    {
        var path = NewPath;

        var answer = await broker.PutAsync(path, With(BrokerHost.Provision(plan), version));

        Assert.Equal((422, "MaintenanceInfoConflict"), (answer.Status, answer.Error));
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Osb_82_an_update_upgrades_to_the_catalogs_version_only()
    {
        var path = await broker.InstanceAsync(BrokerHost.ServicesPlan);
        Assert.Null(await AppliedAsync(path));

        var conflict = await broker.SendAsync(HttpMethod.Patch, path, With(Patch(BrokerHost.SpacePlan), "1.0.0"));
        Assert.Equal((422, "MaintenanceInfoConflict"), (conflict.Status, conflict.Error));
        Assert.Null(await AppliedAsync(path));

        Assert.Equal(200, (await broker.SendAsync(HttpMethod.Patch, path, With(Patch(BrokerHost.SpacePlan), "2.0.0"))).Status);
        Assert.Equal("2.0.0", await AppliedAsync(path));
    }

    [Fact]
    public async Task Osb_82_an_instance_of_an_older_version_stays_there_until_it_is_upgraded()
    {
        var id = new AivenMetrics.Broker.State.InstanceId(Guid.NewGuid().ToString());
        var path = $"/v2/service_instances/{id}";
        await broker.PutAsync(path, BrokerHost.Provision());
        await broker
            .Service<AivenMetrics.Broker.State.InstanceStore>()
            .UpdateAsync(id, instance => instance with { MaintenanceVersion = "1.0.0" }, null, CancellationToken.None);

        Assert.Equal(200, (await broker.SendAsync(HttpMethod.Patch, path, Patch(BrokerHost.SpacePlan))).Status);
        Assert.Equal("1.0.0", await AppliedAsync(path));
        Assert.Equal(200, (await broker.SendAsync(HttpMethod.Patch, path, With(Patch(), "2.0.0"))).Status);
        Assert.Equal("2.0.0", await AppliedAsync(path));
    }

    [Fact]
    public async Task Osb_66_the_dashboard_url_is_in_the_first_answer_and_percent_encoded()
    {
        var body = BrokerHost.Provision();
        body["context"]!["instance_name"] = "ä/b {space_id}";

        var first = await broker.PutAsync("/v2/service_instances/a%2Fb%26c", body);
        var replay = await broker.PutAsync("/v2/service_instances/a%2Fb%26c", body);
        var fetched = await broker.GetAsync("/v2/service_instances/a%2Fb%26c");

        const string expected = "https://example.com/m/a%2Fb%26c?o=org-1&s=space-1#%C3%A4%2Fb%20%7Bspace_id%7D";
        Assert.All([first, replay, fetched], answer => Assert.Equal(expected, answer.Json.GetProperty("dashboard_url").GetString()));
    }

    [Fact]
    public async Task Osb_85_a_dashboard_url_that_changes_is_in_the_answer_to_the_update()
    {
        var path = await broker.InstanceAsync();
        var body = Patch();
        body["context"] = new JsonObject { ["platform"] = "cloudfoundry", ["instance_name"] = "renamed" };

        var answer = await broker.SendAsync(HttpMethod.Patch, path, body);

        Assert.EndsWith("#renamed", answer.Json.GetProperty("dashboard_url").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/")]
    [InlineData("https://example.com/{instance_id}/{user}")]
    [InlineData("https://example.com/{instance_id}}")]
    [InlineData("https://{instance_id}.example.com/")]
    [InlineData("https://user:pw@example.com/{instance_id}")]
    [InlineData("ftp://example.com/{instance_id}")]
    [InlineData("{instance_id}")]
    public void An_invalid_dashboard_template_is_an_error(string template)
    {
        var options = BrokerHost.NewOptions();
        options.DashboardUrl = template;

        Assert.StartsWith("Broker:DashboardUrl ", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/{instance_id}")]
    [InlineData("http://example.com:8080/x?i={instance_id}&o={organization_id}&s={space_id}&n={instance_name}")]
    public void A_dashboard_template_of_known_names_is_valid(string template)
    {
        var options = BrokerHost.NewOptions();
        options.DashboardUrl = template;

        Assert.Empty(options.Validate());
    }
}
