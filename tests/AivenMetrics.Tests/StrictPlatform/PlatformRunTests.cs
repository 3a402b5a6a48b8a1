using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>The order of requests that Cloud Controller would send.</summary>
public sealed class PlatformRunTests
{
    [Fact]
    public async Task An_asynchronous_bind_is_polled_at_once_and_then_fetched()
    {
        await using TinyBroker broker = await TinyBroker.Start(asynchronous: true);

        Result result = await Bind(broker);

        Assert.Equal(Outcome.Succeeded, result.Outcome);
        Assert.NotNull(Json.Text(Json.Member(result.Body, "credentials"), "password"));
        Assert.Equal(["PUT binding 202", "GET binding operation 200", "GET binding operation 200", "GET binding 200"], broker.Seen.Where(seen => seen.Contains("binding", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_create_that_broke_is_deleted_unless_that_is_switched_off()
    {
        await using TinyBroker broker = await TinyBroker.Start();
        broker.Misbehave = (request, reply) => request.Name == "PUT binding" ? reply with { Status = 500 } : reply;

        Result mitigated = await Bind(broker);
        int left = broker.Held;
        Result kept = await Bind(broker, new Behaviour(false, true, Mitigate: false));

        Assert.Equal((Outcome.Failed, false, 1), (mitigated.Outcome, mitigated.Left, left));
        Assert.Contains("DELETE", mitigated.Mitigated, StringComparison.Ordinal);
        Assert.Equal((Outcome.Failed, true, null), (kept.Outcome, kept.Left, kept.Mitigated));
    }

    [Fact]
    public async Task A_refused_bind_is_not_deleted()
    {
        await using TinyBroker broker = await TinyBroker.Start();
        broker.Misbehave = (request, reply) => request.Name == "PUT binding" ? Reply.Error(400, "Not like that.") : reply;

        Result result = await Bind(broker);

        Assert.Equal((Outcome.Failed, "400: Not like that."), (result.Outcome, result.Description));
        Assert.DoesNotContain(broker.Seen, seen => seen.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_operation_that_never_ends_is_given_up_and_deleted()
    {
        await using TinyBroker broker = await TinyBroker.Start(asynchronous: true);
        broker.Misbehave = (request, reply) => request.Name == "GET binding operation" ? new Reply(200, new JsonObject { ["state"] = "in progress" }) : reply;

        Result result = await Bind(broker);

        Assert.Equal(Outcome.Failed, result.Outcome);
        Assert.Contains("DELETE binding 202", broker.Seen);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(410)]
    public async Task A_poll_that_fails_does_not_end_the_operation(int status)
    {
        await using TinyBroker broker = await TinyBroker.Start(asynchronous: true);
        int polls = 0;
        broker.Misbehave = (request, reply) => request.Name == "GET binding operation" && ++polls == 1 ? reply with { Status = status } : reply;

        Assert.Equal(Outcome.Succeeded, (await Bind(broker)).Outcome);
    }

    [Fact]
    public async Task Retry_After_makes_the_platform_wait()
    {
        await using TinyBroker broker = await TinyBroker.Start(asynchronous: true);
        broker.Misbehave = (_, reply) =>
        {
            if (reply.Body?["state"]?.GetValue<string>() == "in progress")
                reply.Headers["Retry-After"] = "1";
            return reply;
        };
        long start = TimeProvider.System.GetTimestamp();

        await Bind(broker, longest: TimeSpan.FromSeconds(10));

        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_catalog_that_Cloud_Controller_refuses_is_told()
    {
        await using TinyBroker broker = await TinyBroker.Start();
        broker.Catalog["services"]![0]!["tags"] = null;
        using BrokerClient client = Client(broker);
        PlatformRun run = Run(client, new Behaviour(false, true, true), TimeSpan.FromSeconds(1));

        await run.Catalog(TestContext.Current.CancellationToken);

        Assert.Equal(("29", "services[0].tags"), Assert.Single(run.Findings.Select(finding => (finding.Requirement.Id, finding.Where))));
    }

    private static async Task<Result> Bind(TinyBroker broker, Behaviour? behaviour = null, TimeSpan? longest = null)
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        using BrokerClient client = Client(broker);
        PlatformRun run = Run(client, behaviour ?? new Behaviour(false, true, true), longest ?? TimeSpan.FromSeconds(0.2));
        Offering offering = (await run.Catalog(ct)).Catalog!.Offerings.Single();
        string instance = Guid.NewGuid().ToString();
        JsonObject body = new() { ["service_id"] = offering.Id, ["plan_id"] = "plan-1", ["organization_guid"] = "o", ["space_guid"] = "s" };
        Assert.Equal(Outcome.Succeeded, (await run.CreateInstance(offering, offering.Plans[0], instance, body, ct)).Outcome);
        return await run.Bind(offering, offering.Plans[0], instance, "b", new JsonObject { ["service_id"] = offering.Id, ["plan_id"] = "plan-1" }, ct);
    }

    private static BrokerClient Client(TinyBroker broker) =>
        new(new BrokerConnection(broker.Url, "broker", "secret", "2.15", null, TimeSpan.FromSeconds(10)), TimeProvider.System);

    private static PlatformRun Run(BrokerClient client, Behaviour behaviour, TimeSpan longest) =>
        new(client, new Poller(client, TimeSpan.FromMilliseconds(20), longest, TimeProvider.System, new Progress<string>()), behaviour, TimeProvider.System);
}
