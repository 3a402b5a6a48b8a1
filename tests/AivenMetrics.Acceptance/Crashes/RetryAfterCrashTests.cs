using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>The platform repeats every request that got no response.</summary>
public sealed class RetryAfterCrashTests(CrashingBrokerFixture broker) : CrashTestBase(broker)
{
    /// <summary>
    /// Minimum number of writes, so that the trap misses none: instance, binding, their deletes, and the audit trail.
    /// </summary>
    private const int FewestWrites = 10;

    [Theory]
    [InlineData(CrashMoment.Statement)]
    [InlineData(CrashMoment.Commit)]
    public async Task After_a_kill_at_any_write_the_platforms_retry_gets_a_consistent_response(CrashMoment moment)
    {
        var write = 1;
        while (await LifecycleAsync(write, moment))
        {
            write++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"The broker died at {write - 1} writes.");
        Assert.True(write > FewestWrites, $"There were only {write - 1} writes.");
    }

    /// <summary>Provisions, updates, binds, unbinds and deprovisions; false: the broker was not killed.</summary>
    private async Task<bool> LifecycleAsync(int write, CrashMoment moment)
    {
        await using var death = await CrashedBroker.AtWriteAsync(write, moment, Broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        // The retry finds a committed transaction done, and starts a lost one again.
        var kept = moment == CrashMoment.Commit;

        var first = await death.SendAsync(Provision(instance));
        Expect(first is null && kept ? HttpStatusCode.OK : HttpStatusCode.Created, first ?? await death.SendAsync(Provision(instance)));
        Expect(HttpStatusCode.OK, await death.SendAsync(Update(instance)) ?? await death.SendAsync(Update(instance)));

        var credentials = await BindAsync(death, instance, binding);
        await OnlyCredentialAsync(instance, credentials);

        first = await death.SendAsync(Unbind(instance, binding));
        if (first is null)
        {
            var fetched = (await death.SendAsync(platform => platform.FetchAsync(instance, binding)))!;
            Assert.Equal(kept ? null : credentials.ToJsonString(), fetched.Body["credentials"]?.ToJsonString());
        }

        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.SendAsync(Unbind(instance, binding)));
        first = await death.SendAsync(Deprovision(instance));
        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.SendAsync(Deprovision(instance)));

        await NothingIsLeftAsync(instance);
        await AuditedOnceAsync(instance, "Provision", "Bind", "Unbind", "Deprovision");
        return death.Happened;
    }

    private static async Task<JsonNode> BindAsync(CrashedBroker death, string instance, string binding)
    {
        Func<Platform, Task<OsbResponse>> bind = platform => platform.TryBindAsync(instance, binding);
        var answer = (await death.SendAsync(bind) ?? await death.SendAsync(bind))!;
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.Status}: {answer.Body}");
        var credentials = answer.Body["credentials"]!;
        var replay = (await death.SendAsync(bind) ?? await death.SendAsync(bind))!;
        Expect(HttpStatusCode.OK, replay);
        Assert.Equal(credentials.ToJsonString(), replay.Body["credentials"]!.ToJsonString());
        return credentials;
    }

    private async Task OnlyCredentialAsync(string instance, JsonNode credentials)
    {
        var username = credentials["username"]!.GetValue<string>();
        Assert.Equal(1, await Broker.CountAsync("service_binding", $"instance_id = '{instance}'"));
        Assert.Equal(1, await Broker.CountAsync("service_binding", $"username = '{username}'"));
        await Stack.WaitUntilAsync("the gateway has the credential", () => Task.FromResult(Broker.Gateway.Usernames.Contains(username)));
    }

    /// <summary>Asserts that the audit trail has each change once, however often it was requested.</summary>
    private async Task AuditedOnceAsync(string instance, params string[] actions)
    {
        foreach (var action in actions)
        {
            // The broker itself completes binds, without a user. A platform's retry has its own entry.
            var user = action == "Bind" ? "" : "platform";
            var entries = await Broker.CountAsync(
                "audit_entry",
                $"instance_id = '{instance}' AND action = '{action}' AND result = 'succeeded' AND broker_user = '{user}'"
            );
            Assert.Equal((action, 1), (action, entries));
        }
    }
}
