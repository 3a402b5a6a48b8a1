using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

/// <summary>Simulator and a broker with short timeouts, so that failures end within seconds.</summary>
public sealed class ShortTimeoutStack : StackFixture
{
    private protected override StackOptions Options =>
        new()
        {
            ReadPath = false,
            BindBudget = "00:00:02",
            GracePeriod = "00:00:00.5",
            Aiven = new JsonObject { ["TryTimeout"] = "00:00:01", ["TotalTimeout"] = "00:00:05" },
        };
}

/// <summary>Whatever fails at Aiven, the platform gets the true state, and the bind continues by itself afterwards.</summary>
public sealed class AivenFailureTests(ShortTimeoutStack stack) : IClassFixture<ShortTimeoutStack>, IAsyncLifetime
{
    private Stack Stack => stack.Stack;

    private DemoService[] _services = [];

    // Each test has its own space, so that leftovers of one test do not count in the next.
    private readonly DemoSpace _space = new(Guid.NewGuid().ToString(), "trouble", Guid.NewGuid().ToString());

    public static TheoryData<string, string> Troubles =>
        new()
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
    public async Task The_state_of_a_bind_is_reported_and_the_bind_completes_by_itself_when(string trouble, string fault)
    {
        var instance = await Stack.Platform.ProvisionAsync(_space.OrganizationId, _space.Id);
        (var patient, var impatient) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await OrderAsync(fault);

        var accepted = await Stack.Platform.TryBindAsync(instance, patient, acceptsIncomplete: true);
        var refused = await Stack.Platform.TryBindAsync(instance, impatient);

        Assert.True(accepted.Status == HttpStatusCode.Accepted, $"{trouble}: {accepted.Status} {accepted.Body}");
        Assert.Equal("in progress", await Stack.Platform.LastOperationAsync(instance, patient));
        // A synchronous bind is rejected and creates nothing.
        Assert.True(
            refused.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.ServiceUnavailable,
            $"{trouble}: {refused.Status} {refused.Body}"
        );
        Assert.Equal(HttpStatusCode.NotFound, (await Stack.Platform.FetchAsync(instance, impatient)).Status);

        await Stack.Simulator.ClearFaultsAsync();
        var recovery = await Stack.WaitUntilAsync("the bind succeeds by itself", async () =>
            await Stack.Platform.LastOperationAsync(instance, patient) == "succeeded"
        );
        TestContext.Current.TestOutputHelper?.WriteLine($"{trouble}: succeeded {recovery.TotalSeconds:0.0} s after Aiven was well again");
        await EndsWithOneIntegrationEachAsync(instance, patient);
    }

    [Theory]
    [InlineData("500 comes after it was done", """{"status":500,"method":"POST","path":"*/integration","after":true}""")]
    [InlineData("the connection is reset after it was done", """{"path":"*/integration","method":"POST","reset":true,"after":true}""")]
    public async Task Nothing_is_created_twice_or_left_out_when(string trouble, string fault)
    {
        var instance = await Stack.Platform.ProvisionAsync(_space.OrganizationId, _space.Id);
        var binding = Guid.NewGuid().ToString();
        await OrderAsync(fault);

        var accepted = await Stack.Platform.TryBindAsync(instance, binding, acceptsIncomplete: true);

        Assert.True(accepted.Status is HttpStatusCode.Accepted or HttpStatusCode.Created, $"{trouble}: {accepted.Status}");
        await Stack.WaitUntilAsync("the bind succeeds with what was made", async () =>
            await Stack.Platform.LastOperationAsync(instance, binding) == "succeeded"
        );
        await EndsWithOneIntegrationEachAsync(instance, binding);
    }

    /// <summary>Creates services, then injects the fault.</summary>
    private async Task OrderAsync(string fault)
    {
        _services =
        [
            await Stack.Simulator.CreateServiceAsync(_space, "pg"),
            await Stack.Simulator.CreateServiceAsync(_space, "opensearch"),
        ];
        var always = JsonNode.Parse(fault)!.AsObject();
        always["always"] = true;
        await Stack.Simulator.FaultAsync(always);
    }

    private async Task EndsWithOneIntegrationEachAsync(string instance, string binding)
    {
        Assert.NotNull((await Stack.Platform.FetchAsync(instance, binding)).Body["credentials"]);
        Assert.Equal(_services.Length, (await Stack.Simulator.IntegrationsAsync(_services)).Length);
        await Stack.Simulator.ClearFaultsAsync();
        Assert.Equal(HttpStatusCode.OK, (await Stack.Platform.UnbindAsync(instance, binding)).Status);
        await Stack.WaitUntilAsync("the integrations are deleted", async () =>
            (await Stack.Simulator.IntegrationsAsync(_services)).Length == 0
        );
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>A fault left by a failed test would fail the next tests.</summary>
    public async ValueTask DisposeAsync() => await Stack.Simulator.ClearFaultsAsync();
}

/// <summary>Aiven allows about 120 requests a minute: the broker always stays within its own budget below that limit.</summary>
public sealed class AivenRateLimitTests
{
    [Fact]
    public async Task Aiven_never_gets_more_requests_than_the_budget()
    {
        const int budget = 60;
        await using var stack = await Stack.StartAsync(
            new StackOptions
            {
                ReadPath = false,
                AivenLimit = budget,
                Aiven = new JsonObject
                {
                    ["RequestsPerMinute"] = budget,
                    ["Interval"] = "00:00:00.1",
                    ["MinimumInterval"] = "00:00:00.1",
                    ["RetryDelay"] = "00:00:00.01",
                },
            }
        );
        var start = Stopwatch.GetTimestamp();
        await stack.Simulator.FaultAsync(
            new JsonObject
            {
                ["status"] = 503,
                ["path"] = "*",
                ["always"] = true,
            }
        );
        foreach (var space in DemoSeed.Spaces)
        {
            var instance = await stack.Platform.ProvisionAsync(space.OrganizationId, space.Id);
            await stack.Platform.TryBindAsync(instance, Guid.NewGuid().ToString(), acceptsIncomplete: true);
        }

        await Task.Delay(TimeSpan.FromSeconds(5));
        await stack.Simulator.ClearFaultsAsync();
        await Task.Delay(TimeSpan.FromSeconds(10));

        // About 25 calls in these 15 s: one a second and a burst. More than 100 are due. A busy machine takes longer than 15 s.
        var most = 15 + (int)Math.Ceiling(Stopwatch.GetElapsedTime(start).TotalSeconds * budget / 60);
        Assert.InRange(await stack.Simulator.AllCallsAsync(), 5, most);
        Assert.Equal(0, await stack.Simulator.CallsAsync("GET", "*", 429) + await stack.Simulator.CallsAsync("POST", "*", 429));
    }
}
