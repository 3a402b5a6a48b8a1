using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>Tests the order of requests, which is that of Cloud Controller.</summary>
public sealed class PlatformOperationsTests
{
    [Fact]
    public async Task An_asynchronous_bind_is_polled_at_once_and_then_fetched()
    {
        await using var broker = await FakeBroker.StartAsync(asynchronous: true);

        var result = await BindAsync(broker);

        Assert.Equal(OperationOutcome.Succeeded, result.Outcome);
        Assert.NotNull(JsonMembers.Text(JsonMembers.Member(result.Body, "credentials"), "password"));
        Assert.Equal(
            ["PUT binding 202", "GET binding operation 200", "GET binding operation 200", "GET binding 200"],
            broker.Requests.Where(seen => seen.Contains("binding", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_failed_create_is_deleted_unless_orphan_mitigation_is_disabled()
    {
        await using var broker = await FakeBroker.StartAsync();
        broker.ChangeResponse = (request, reply) => request.Name == "PUT binding" ? reply with { Status = 500 } : reply;

        var mitigated = await BindAsync(broker);
        var left = broker.ResourceCount;
        var kept = await BindAsync(broker, new PlatformBehaviour(false, true, MitigateOrphans: false));

        Assert.Equal((OperationOutcome.Failed, false, 1), (mitigated.Outcome, mitigated.MayBeOrphaned, left));
        Assert.Contains("DELETE", mitigated.Mitigation, StringComparison.Ordinal);
        Assert.Equal((OperationOutcome.Failed, true, null), (kept.Outcome, kept.MayBeOrphaned, kept.Mitigation));
    }

    [Fact]
    public async Task A_rejected_bind_is_not_deleted()
    {
        await using var broker = await FakeBroker.StartAsync();
        broker.ChangeResponse = (request, reply) => request.Name == "PUT binding" ? FakeResponse.Error(400, "Not like that.") : reply;

        var result = await BindAsync(broker);

        Assert.Equal((OperationOutcome.Failed, "400: Not like that."), (result.Outcome, result.Description));
        Assert.DoesNotContain(broker.Requests, seen => seen.StartsWith("DELETE", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_operation_that_exceeds_the_maximum_duration_fails_and_is_deleted()
    {
        await using var broker = await FakeBroker.StartAsync(asynchronous: true);
        broker.ChangeResponse = (request, reply) =>
            request.Name == "GET binding operation" ? new FakeResponse(200, new JsonObject { ["state"] = "in progress" }) : reply;

        var result = await BindAsync(broker);

        Assert.Equal(OperationOutcome.Failed, result.Outcome);
        Assert.Contains("DELETE binding 202", broker.Requests);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(404)]
    [InlineData(410)]
    public async Task A_failed_poll_does_not_end_the_operation(int status)
    {
        await using var broker = await FakeBroker.StartAsync(asynchronous: true);
        var polls = 0;
        broker.ChangeResponse = (request, reply) =>
            request.Name == "GET binding operation" && ++polls == 1 ? reply with { Status = status } : reply;

        Assert.Equal(OperationOutcome.Succeeded, (await BindAsync(broker, longest: TimeSpan.FromSeconds(10))).Outcome);
    }

    [Fact]
    public async Task The_platform_waits_for_Retry_After_before_the_next_poll()
    {
        await using var broker = await FakeBroker.StartAsync(asynchronous: true);
        broker.ChangeResponse = (_, reply) =>
        {
            if (reply.Body?["state"]?.GetValue<string>() == "in progress")
            {
                reply.Headers["Retry-After"] = "1";
            }
            return reply;
        };
        var start = TimeProvider.System.GetTimestamp();

        await BindAsync(broker, longest: TimeSpan.FromSeconds(10));

        Assert.True(TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task A_catalog_that_Cloud_Controller_rejects_is_reported()
    {
        await using var broker = await FakeBroker.StartAsync();
        broker.Catalog["services"]![0]!["tags"] = null;
        using var client = Client(broker);
        var run = Run(client, new PlatformBehaviour(false, true, true), TimeSpan.FromSeconds(1));

        await run.ReadCatalogAsync(TestContext.Current.CancellationToken);

        Assert.Equal(("29", "services[0].tags"), Assert.Single(run.Findings.Select(finding => (finding.Requirement.Id, finding.Location))));
    }

    private static async Task<OperationResult> BindAsync(FakeBroker broker, PlatformBehaviour? behaviour = null, TimeSpan? longest = null)
    {
        var ct = TestContext.Current.CancellationToken;
        using var client = Client(broker);
        var run = Run(client, behaviour ?? new PlatformBehaviour(false, true, true), longest ?? TimeSpan.FromSeconds(0.2));
        var offering = (await run.ReadCatalogAsync(ct)).Catalog!.Offerings.Single();
        var instance = Guid.NewGuid().ToString();
        JsonObject body = new()
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = "plan-1",
            ["organization_guid"] = "o",
            ["space_guid"] = "s",
        };
        Assert.Equal(OperationOutcome.Succeeded, (await run.CreateInstanceAsync(offering, offering.Plans[0], instance, body, ct)).Outcome);
        return await run.BindAsync(
            offering,
            offering.Plans[0],
            instance,
            "b",
            new JsonObject { ["service_id"] = offering.Id, ["plan_id"] = "plan-1" },
            ct
        );
    }

    private static BrokerClient Client(FakeBroker broker) =>
        new(new BrokerConnection(broker.Url, "broker", "secret", "2.15", null, TimeSpan.FromSeconds(10)), TimeProvider.System);

    private static PlatformOperations Run(BrokerClient client, PlatformBehaviour behaviour, TimeSpan longest) =>
        new(
            client,
            new LastOperationPoller(client, TimeSpan.FromMilliseconds(20), longest, TimeProvider.System, new Progress<string>()),
            behaviour,
            TimeProvider.System
        );
}
