using System.Net;
using System.Text.RegularExpressions;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Two brokers on one PostgreSQL: both serve the platform, one reconciles, and it does not matter which.</summary>
public sealed partial class TwoBrokersTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string ListServices = "/v1/project/demo/service";

    [Fact]
    public async Task Both_answer_the_platform_one_reconciles_and_the_other_takes_over_when_it_dies()
    {
        // The gateway asks the broker that does not reconcile at first, and lives on.
        await using Stack stack = await Stack.Start(
            new StackOptions { Database = await postgres.NewDatabase(), Brokers = 2, GatewayBroker = 1, ReadPath = false });
        using Platform second = stack.PlatformOf(1);

        // Either finds what was ordered at the other.
        string instance = await stack.Platform.Provision(Seed.Forecast.OrganizationId, Seed.Forecast.Id);
        string binding = Guid.NewGuid().ToString();
        Credentials credentials = await second.Bind(instance, binding);
        Assert.Equal(credentials.Json.ToJsonString(), (await stack.Platform.Fetch(instance, binding)).Body["credentials"]!.ToJsonString());

        Assert.Equal((true, false), (await Leads(stack, 0), await Leads(stack, 1)));
        await stack.Simulator.ForgetCalls();
        await Task.Delay(TimeSpan.FromSeconds(6));
        // One list call a second is what one broker makes; two would make twelve.
        Assert.InRange(await stack.Simulator.Calls("GET", ListServices), 2, 8);

        await stack.Kill("broker");
        await Stack.Until("the other broker reconciles", () => Leads(stack, 1));
        string later = await second.Provision(Seed.Beacons.OrganizationId, Seed.Beacons.Id);
        await second.Bind(later);
        Assert.Equal(2, (await stack.Simulator.Integrations(Seed.Scraped(Seed.Beacons))).Length);

        await stack.Restart("broker");
        Assert.Equal(HttpStatusCode.OK, (await stack.Platform.Unbind(instance, binding)).Status);
        DemoService[] services = Seed.Scraped(Seed.Forecast);
        await Stack.Until("the integrations are deleted", async () => (await stack.Simulator.Integrations(services)).Length == 0);
        Assert.Equal((false, true), (await Leads(stack, 0), await Leads(stack, 1)));
    }

    private static async Task<bool> Leads(Stack stack, int broker)
    {
        using var http = new HttpClient();
        string metrics = await http.GetStringAsync(stack.At.BrokerInternalUrl(broker) + "/metrics");
        return LeaderMetric().Match(metrics).Groups[1].Value == "1";
    }

    [GeneratedRegex(@"^aivenmetrics_broker_reconcile_leader(?:\{[^}]*\})? ([01])", RegexOptions.Multiline)]
    private static partial Regex LeaderMetric();
}
