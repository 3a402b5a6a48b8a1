using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>The platform repeats every request that got no response.</summary>
public sealed class RetryAfterCrashTests(CrashingBrokerFixture broker) : CrashTestBase(broker)
{
    /// <summary>
    /// Fewer writes than these would mean that the trap misses some: instance, binding, their deletes, and the audit trail.
    /// </summary>
    private const int FewestWrites = 10;

    [Theory]
    [InlineData(CrashMoment.Statement)]
    [InlineData(CrashMoment.Commit)]
    public async Task Whichever_write_the_broker_dies_at_the_platforms_retry_gets_a_consistent_answer(CrashMoment moment)
    {
        var write = 1;
        while (await LifecycleAsync(write, moment))
        {
            write++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"The broker died at {write - 1} writes.");
        Assert.True(write > FewestWrites, $"There were only {write - 1} writes.");
    }

    /// <summary>Provision, update, bind, unbind and deprovision; false: the broker lived through all of it.</summary>
    private async Task<bool> LifecycleAsync(int write, CrashMoment moment)
    {
        await using var death = await CrashedBroker.AtWriteAsync(write, moment, Broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        // A transaction that was committed is found done by the retry, one that was not is begun anew.
        var kept = moment == CrashMoment.Commit;

        var first = await death.AskAsync(Provision(instance));
        Expect(first is null && kept ? HttpStatusCode.OK : HttpStatusCode.Created, first ?? await death.AskAsync(Provision(instance)));
        Expect(HttpStatusCode.OK, await death.AskAsync(Update(instance)) ?? await death.AskAsync(Update(instance)));

        var credentials = await BindAsync(death, instance, binding);
        await OnlyCredentialAsync(instance, credentials);

        first = await death.AskAsync(Unbind(instance, binding));
        if (first is null)
        {
            var fetched = (await death.AskAsync(platform => platform.FetchAsync(instance, binding)))!;
            Assert.Equal(kept ? null : credentials.ToJsonString(), fetched.Body["credentials"]?.ToJsonString());
        }

        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.AskAsync(Unbind(instance, binding)));
        first = await death.AskAsync(Deprovision(instance));
        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.AskAsync(Deprovision(instance)));

        await NothingIsLeftAsync(instance);
        await AuditedOnceAsync(instance, "Provision", "Bind", "Unbind", "Deprovision");
        return death.Happened;
    }

    private static async Task<JsonNode> BindAsync(CrashedBroker death, string instance, string binding)
    {
        Func<Platform, Task<OsbResponse>> bind = platform => platform.TryBindAsync(instance, binding);
        var answer = (await death.AskAsync(bind) ?? await death.AskAsync(bind))!;
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.Status}: {answer.Body}");
        var credentials = answer.Body["credentials"]!;
        var replay = (await death.AskAsync(bind) ?? await death.AskAsync(bind))!;
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

    /// <summary>The audit trail has each change once, however often it was asked for.</summary>
    private async Task AuditedOnceAsync(string instance, params string[] actions)
    {
        foreach (var action in actions)
        {
            // The broker itself completes binds, without a user; a platform's retry has an entry of its own.
            var user = action == "Bind" ? "" : "platform";
            var entries = await Broker.CountAsync(
                "audit_entry",
                $"instance_id = '{instance}' AND action = '{action}' AND result = 'succeeded' AND broker_user = '{user}'"
            );
            Assert.Equal((action, 1), (action, entries));
        }
    }
}
