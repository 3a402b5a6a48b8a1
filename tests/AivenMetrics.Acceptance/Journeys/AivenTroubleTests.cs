using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Simulator and a broker that is quick to give up a call, so that trouble is over in seconds.</summary>
public sealed class ImpatientBroker : StackFixture
{
    private protected override StackOptions Options => new()
    {
        ReadPath = false,
        BindBudget = "00:00:02",
        GracePeriod = "00:00:00.5",
        Aiven = new JsonObject { ["TryTimeout"] = "00:00:01", ["TotalTimeout"] = "00:00:05" },
    };
}

/// <summary>Whatever Aiven does, the platform is told the truth, and the bind goes on by itself afterwards.</summary>
public sealed class AivenTroubleTests(ImpatientBroker stack) : IClassFixture<ImpatientBroker>, IAsyncLifetime
{
    private Stack Stack => stack.Stack;

    private DemoService[] services = [];

    // A space of its own for each test: what one leaves behind is not counted by the next.
    private readonly DemoSpace space = new(Guid.NewGuid().ToString(), "trouble", Guid.NewGuid().ToString());

    public static TheoryData<string, string> Troubles => new()
    {
        { "every call answers 500", """{"status":500,"path":"*"}""" },
        { "creating answers 500", """{"status":500,"method":"POST","path":"*/integration"}""" },
        { "a load balancer answers 408 in HTML", """{"status":408,"path":"*","body":"html"}""" },
        { "every call answers 429", """{"status":429,"path":"*","message":"Rate limit exceeded, try again in 2s"}""" },
        { "every call hangs", """{"path":"*","delay_seconds":60}""" },
        { "creating hangs", """{"path":"*/integration","method":"POST","delay_seconds":60}""" },
        { "every connection is reset", """{"path":"*","reset":true}""" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task A_bind_is_told_the_truth_and_ends_well_by_itself_when(string trouble, string fault)
    {
        string instance = await Stack.Platform.Provision(space.OrganizationId, space.Id);
        (string patient, string impatient) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await Order(fault);

        OsbAnswer accepted = await Stack.Platform.TryBind(instance, patient, acceptsIncomplete: true);
        OsbAnswer refused = await Stack.Platform.TryBind(instance, impatient);

        Assert.True(accepted.Status == HttpStatusCode.Accepted, $"{trouble}: {accepted.Status} {accepted.Body}");
        Assert.Equal("in progress", await Stack.Platform.LastOperation(instance, patient));
        // Who cannot wait is told that nothing was made, and nothing was.
        Assert.True(refused.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.ServiceUnavailable, $"{trouble}: {refused.Status} {refused.Body}");
        Assert.Equal(HttpStatusCode.NotFound, (await Stack.Platform.Fetch(instance, impatient)).Status);

        await Stack.Simulator.ClearFaults();
        TimeSpan recovery = await Stack.Until("the bind succeeds by itself", async () => await Stack.Platform.LastOperation(instance, patient) == "succeeded");
        TestContext.Current.TestOutputHelper?.WriteLine($"{trouble}: succeeded {recovery.TotalSeconds:0.0} s after Aiven was well again");
        await EndsWithOneIntegrationEach(instance, patient);
    }

    [Theory]
    [InlineData("500 comes after it was done", """{"status":500,"method":"POST","path":"*/integration","after":true}""")]
    [InlineData("the connection is reset after it was done", """{"path":"*/integration","method":"POST","reset":true,"after":true}""")]
    public async Task Nothing_is_made_twice_or_forgotten_when(string trouble, string fault)
    {
        string instance = await Stack.Platform.Provision(space.OrganizationId, space.Id);
        string binding = Guid.NewGuid().ToString();
        await Order(fault);

        OsbAnswer accepted = await Stack.Platform.TryBind(instance, binding, acceptsIncomplete: true);

        Assert.True(accepted.Status is HttpStatusCode.Accepted or HttpStatusCode.Created, $"{trouble}: {accepted.Status}");
        await Stack.Until("the bind succeeds with what was made", async () => await Stack.Platform.LastOperation(instance, binding) == "succeeded");
        await EndsWithOneIntegrationEach(instance, binding);
    }

    /// <summary>Makes services, then the trouble.</summary>
    private async Task Order(string fault)
    {
        services = [await Stack.Simulator.CreateService(space, "pg"), await Stack.Simulator.CreateService(space, "opensearch")];
        JsonObject always = JsonNode.Parse(fault)!.AsObject();
        always["always"] = true;
        await Stack.Simulator.Fault(always);
    }

    private async Task EndsWithOneIntegrationEach(string instance, string binding)
    {
        Assert.NotNull((await Stack.Platform.Fetch(instance, binding)).Body["credentials"]);
        Assert.Equal(services.Length, (await Stack.Simulator.Integrations(services)).Length);
        await Stack.Simulator.ClearFaults();
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.Unbind(instance, binding)).Status);
        await Stack.Until("the integrations are deleted", async () => (await Stack.Simulator.Integrations(services)).Length == 0);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A fault that outlives a failed test would fail the next ones.</summary>
    public async ValueTask DisposeAsync() => await Stack.Simulator.ClearFaults();
}

/// <summary>Aiven allows about 120 requests a minute: whatever happens, the broker stays within its own budget below that.</summary>
public sealed class RateBudgetTests
{
    [Fact]
    public async Task However_much_there_is_to_do_and_to_repeat_Aiven_gets_no_more_requests_than_the_budget()
    {
        const int budget = 60;
        await using Stack stack = await Stack.Start(new StackOptions
        {
            ReadPath = false,
            AivenLimit = budget,
            Aiven = new JsonObject { ["RequestsPerMinute"] = budget, ["Interval"] = "00:00:00.1", ["MinimumInterval"] = "00:00:00.1", ["RetryDelay"] = "00:00:00.01" },
        });
        await stack.Simulator.Fault(new JsonObject { ["status"] = 503, ["path"] = "*", ["always"] = true });
        foreach (DemoSpace space in DemoSeed.Spaces)
        {
            string instance = await stack.Platform.Provision(space.OrganizationId, space.Id);
            await stack.Platform.TryBind(instance, Guid.NewGuid().ToString(), acceptsIncomplete: true);
        }

        await Task.Delay(TimeSpan.FromSeconds(5));
        await stack.Simulator.ClearFaults();
        await Task.Delay(TimeSpan.FromSeconds(10));

        // A fifth at once, the rest spread over the minute: some 25 in this quarter of it, where 100 and more were wanted.
        Assert.InRange(await stack.Simulator.AllCalls(), 5, budget / 2);
        Assert.Equal(0, await stack.Simulator.Calls("GET", "*", 429) + await stack.Simulator.Calls("POST", "*", 429));
    }
}
