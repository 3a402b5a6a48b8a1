using System.Net;
using System.Text.RegularExpressions;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Two brokers on one PostgreSQL: both serve the platform and either one reconciles.</summary>
public sealed partial class TwoBrokersTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string ListServices = "/v1/project/demo/service";

    [Fact]
    public async Task Both_serve_the_platform_and_one_reconciles_until_it_is_killed_and_the_other_takes_over()
    {
        // The gateway polls the broker that does not reconcile at first, which keeps running.
        await using var stack = await Stack.StartAsync(
            new StackOptions
            {
                Database = await postgres.NewDatabaseAsync(),
                Brokers = 2,
                GatewayBroker = 1,
                ReadPath = false,
            }
        );
        using var second = stack.PlatformOf(1);

        // Each broker finds the instances of the other.
        var instance = await stack.Platform.ProvisionAsync(SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);
        var binding = Guid.NewGuid().ToString();
        var credentials = await second.BindAsync(instance, binding);
        Assert.Equal(
            credentials.Json.ToJsonString(),
            (await stack.Platform.FetchAsync(instance, binding)).Body["credentials"]!.ToJsonString()
        );

        Assert.Equal((true, false), (await LeadsAsync(stack, 0), await LeadsAsync(stack, 1)));
        await stack.Simulator.ClearCallsAsync();
        await stack.BrokerCyclesAsync(5);
        // One list call a cycle is what one broker makes; two would make ten.
        Assert.InRange(await stack.Simulator.CallsAsync("GET", ListServices), 2, 8);

        await stack.KillAsync("broker");
        await Stack.WaitUntilAsync("the other broker reconciles", () => LeadsAsync(stack, 1));
        var later = await second.ProvisionAsync(SeededServices.Beacons.OrganizationId, SeededServices.Beacons.Id);
        await second.BindAsync(later);
        Assert.Equal(2, (await stack.Simulator.IntegrationsAsync(SeededServices.Scraped(SeededServices.Beacons))).Length);

        await stack.RestartAsync("broker");
        Assert.Equal(HttpStatusCode.OK, (await stack.Platform.UnbindAsync(instance, binding)).Status);
        var services = SeededServices.Scraped(SeededServices.Forecast);
        await Stack.WaitUntilAsync("the integrations are deleted", async () =>
            (await stack.Simulator.IntegrationsAsync(services)).Length == 0
        );
        Assert.Equal((false, true), (await LeadsAsync(stack, 0), await LeadsAsync(stack, 1)));
    }

    private static async Task<bool> LeadsAsync(Stack stack, int broker)
    {
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(stack.Configuration.BrokerInternalUrl(broker) + "/metrics");
        return LeaderMetric().Match(metrics).Groups[1].Value == "1";
    }

    [GeneratedRegex(@"^aivenmetrics_broker_reconcile_leader(?:\{[^}]*\})? ([01])", RegexOptions.Multiline)]
    private static partial Regex LeaderMetric();
}
