using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>A broker that is killed (SIGKILL) during a bind loses no data and leaves no orphans.</summary>
public sealed class BrokerCrashTests(FullStack stack) : IClassFixture<FullStack>
{
    private const string PostIntegration = "/v1/project/demo/integration";

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task A_bind_interrupted_by_a_kill_before_it_reached_Aiven_succeeds_when_the_platform_repeats_it()
    {
        var services = SeededServices.Scraped(SeededServices.Forecast);
        await Stack.Simulator.ClearCallsAsync();
        await Stack.Simulator.FaultAsync(
            new JsonObject
            {
                ["path"] = "*",
                ["delay_seconds"] = 30,
                ["always"] = true,
            }
        );

        var (instance, binding) = await DieWhileBindingAsync(SeededServices.Forecast, () => Task.FromResult(true));
        Assert.Empty(await Stack.Simulator.IntegrationsAsync(services));
        await Stack.Simulator.ClearFaultsAsync();
        await Stack.RestartAsync("broker");

        var credentials = await RepeatBindAsync(instance, binding);
        await WorksAndEndsCleanlyAsync(credentials, instance, binding, services);
        Assert.Equal(services.Length, await Stack.Simulator.CallsAsync("POST", PostIntegration, 200));
    }

    [Fact]
    public async Task An_integration_created_while_the_broker_was_killed_is_adopted_and_deleted_after_the_unbind()
    {
        var services = SeededServices.Scraped(SeededServices.Beacons);
        await Stack.Simulator.ClearCallsAsync();
        // Aiven executes the call, but its response never arrives.
        await Stack.Simulator.FaultAsync(
            new JsonObject
            {
                ["method"] = "POST",
                ["path"] = PostIntegration,
                ["reset"] = true,
                ["after"] = true,
                ["always"] = true,
            }
        );

        var (instance, binding) = await DieWhileBindingAsync(SeededServices.Beacons, async () =>
            (await Stack.Simulator.IntegrationsAsync(services)).Length == services.Length
        );
        var made = await Stack.Simulator.IntegrationsAsync(services);
        await Stack.Simulator.ClearFaultsAsync();
        await Stack.RestartAsync("broker");

        var credentials = await RepeatBindAsync(instance, binding);
        Assert.Equal(made, await Stack.Simulator.IntegrationsAsync(services));
        await WorksAndEndsCleanlyAsync(credentials, instance, binding, services);
    }

    [Fact]
    public async Task A_completed_bind_survives_a_kill_of_the_broker_with_its_password()
    {
        var instance = await Stack.Platform.ProvisionAsync(SeededServices.Website.OrganizationId, SeededServices.Website.Id);
        var binding = Guid.NewGuid().ToString();
        var before = await Stack.Platform.BindAsync(instance, binding);

        await Stack.KillAsync("broker");
        await Stack.RestartAsync("broker");

        var again = await Stack.Platform.TryBindAsync(instance, binding);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(before.Json.ToJsonString(), again.Body["credentials"]!.ToJsonString());
        await WorksAndEndsCleanlyAsync(before, instance, binding, SeededServices.Scraped(SeededServices.Website));
    }

    private async Task<(string Instance, string Binding)> DieWhileBindingAsync(DemoSpace space, Func<Task<bool>> reached)
    {
        var instance = await Stack.Platform.ProvisionAsync(space.OrganizationId, space.Id);
        var binding = Guid.NewGuid().ToString();
        var bind = Stack.Platform.TryBindAsync(instance, binding);
        await Stack.WaitUntilAsync("the bind is in progress", async () =>
            await Stack.Platform.LastOperationAsync(instance, binding) == "in progress" && await reached()
        );
        await Stack.KillAsync("broker");
        await Assert.ThrowsAsync<HttpRequestException>(() => bind);
        return (instance, binding);
    }

    private async Task<Credentials> RepeatBindAsync(string instance, string binding)
    {
        var answer = await Stack.Platform.TryBindAsync(instance, binding);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, $"{answer.Status}: {answer.Body}");
        return new Credentials(answer.Body["credentials"]!.AsObject());
    }

    private async Task WorksAndEndsCleanlyAsync(Credentials credentials, string instance, string binding, DemoService[] services)
    {
        using var query = QueryClient.For(credentials);
        string[] names = [.. services.Select(service => service.Name).Order(StringComparer.Ordinal)];
        await Stack.WaitUntilAsync("the gateway takes the credentials", async () =>
            (await query.GetAsync("/api/v1/labels")).Status == HttpStatusCode.OK
        );
        await Stack.WaitUntilAsync("every service delivers", async () =>
            (await query.ValuesOfAsync("aiven_service_name", "up == 1")).SequenceEqual(names)
        );
        Assert.Equal(services.Length, (await Stack.Simulator.IntegrationsAsync(services)).Length);

        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.UnbindAsync(instance, binding)).Status);
        await Stack.WaitUntilAsync("no integration is left", async () => (await Stack.Simulator.IntegrationsAsync(services)).Length == 0);
    }
}
