using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>A broker that dies by SIGKILL in the middle of a bind loses nothing and leaves nothing behind.</summary>
public sealed class BrokerCrashTests(WholeProduct stack) : IClassFixture<WholeProduct>
{
    private const string PostIntegration = "/v1/project/demo/integration";

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task A_bind_that_the_broker_died_in_before_it_reached_Aiven_succeeds_when_the_platform_repeats_it()
    {
        DemoService[] services = Seed.Scraped(Seed.Forecast);
        await Stack.Simulator.ForgetCalls();
        await Stack.Simulator.Fault(new JsonObject { ["path"] = "*", ["delay_seconds"] = 30, ["always"] = true });

        var (instance, binding) = await DieWhileBinding(Seed.Forecast, () => Task.FromResult(true));
        Assert.Empty(await Stack.Simulator.Integrations(services));
        await Stack.Simulator.ClearFaults();
        await Stack.Restart("broker");

        Credentials credentials = await RepeatBind(instance, binding);
        await WorksAndEndsCleanly(credentials, instance, binding, services);
        Assert.Equal(services.Length, await Stack.Simulator.Calls("POST", PostIntegration, 200));
    }

    [Fact]
    public async Task An_integration_that_Aiven_made_while_the_broker_died_is_adopted_and_deleted_after_the_unbind()
    {
        DemoService[] services = Seed.Scraped(Seed.Beacons);
        await Stack.Simulator.ForgetCalls();
        // Aiven does what it was asked, but the answer never arrives.
        await Stack.Simulator.Fault(new JsonObject { ["method"] = "POST", ["path"] = PostIntegration, ["reset"] = true, ["after"] = true, ["always"] = true });

        var (instance, binding) = await DieWhileBinding(
            Seed.Beacons, async () => (await Stack.Simulator.Integrations(services)).Length == services.Length);
        string[] made = await Stack.Simulator.Integrations(services);
        await Stack.Simulator.ClearFaults();
        await Stack.Restart("broker");

        Credentials credentials = await RepeatBind(instance, binding);
        Assert.Equal(made, await Stack.Simulator.Integrations(services));
        await WorksAndEndsCleanly(credentials, instance, binding, services);
    }

    [Fact]
    public async Task A_bind_that_succeeded_survives_the_death_of_the_broker_with_its_password()
    {
        string instance = await Stack.Platform.Provision(Seed.Website.OrganizationId, Seed.Website.Id);
        string binding = Guid.NewGuid().ToString();
        Credentials before = await Stack.Platform.Bind(instance, binding);

        await Stack.Kill("broker");
        await Stack.Restart("broker");

        OsbAnswer again = await Stack.Platform.TryBind(instance, binding);
        Assert.Equal(HttpStatusCode.OK, again.Status);
        Assert.Equal(before.Json.ToJsonString(), again.Body["credentials"]!.ToJsonString());
        await WorksAndEndsCleanly(before, instance, binding, Seed.Scraped(Seed.Website));
    }

    private async Task<(string Instance, string Binding)> DieWhileBinding(DemoSpace space, Func<Task<bool>> reached)
    {
        string instance = await Stack.Platform.Provision(space.OrganizationId, space.Id);
        string binding = Guid.NewGuid().ToString();
        Task<OsbAnswer> bind = Stack.Platform.TryBind(instance, binding);
        await Stack.Until("the bind is in progress", async () => await Stack.Platform.LastOperation(instance, binding) == "in progress" && await reached());
        await Stack.Kill("broker");
        await Assert.ThrowsAsync<HttpRequestException>(() => bind);
        return (instance, binding);
    }

    private async Task<Credentials> RepeatBind(string instance, string binding)
    {
        OsbAnswer answer = await Stack.Platform.TryBind(instance, binding);
        Assert.True(answer.Status is HttpStatusCode.OK or HttpStatusCode.Created, $"{answer.Status}: {answer.Body}");
        return new Credentials(answer.Body["credentials"]!.AsObject());
    }

    private async Task WorksAndEndsCleanly(Credentials credentials, string instance, string binding, DemoService[] services)
    {
        using QueryClient query = QueryClient.Of(credentials);
        string[] names = [.. services.Select(service => service.Name).Order(StringComparer.Ordinal)];
        await Stack.Until("the gateway takes the credentials", async () => (await query.Get("/api/v1/labels")).Status == HttpStatusCode.OK);
        await Stack.Until("every service delivers", async () => (await query.ValuesOf("aiven_service_name", "up == 1")).SequenceEqual(names));
        Assert.Equal(services.Length, (await Stack.Simulator.Integrations(services)).Length);

        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.Unbind(instance, binding)).Status);
        await Stack.Until("no integration is left", async () => (await Stack.Simulator.Integrations(services)).Length == 0);
    }
}
