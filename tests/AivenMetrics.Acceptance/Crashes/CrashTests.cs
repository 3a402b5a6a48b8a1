using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>The platform repeats every request that got no response.</summary>
public sealed class RetryAfterCrashTests(CrashingBrokerFixture broker) : CrashTestBase(broker)
{
    /// <summary>Fewer writes than these would mean that the trap misses some: instance, binding, their deletes, and the audit trail.</summary>
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
        await ToldOnceAsync(instance, "Provision", "Bind", "Unbind", "Deprovision");
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
    private async Task ToldOnceAsync(string instance, params string[] actions)
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

/// <summary>The platform deletes every resource whose creation got no response (OSB API v2.17, "Orphan Mitigation").</summary>
public sealed class OrphanMitigationAfterCrashTests(CrashingBrokerFixture broker) : CrashTestBase(broker)
{
    /// <summary>Fewer writes than these would mean that the trap misses some: instance, binding, and the audit trail.</summary>
    private const int FewestWrites = 5;

    [Theory]
    [InlineData(CrashMoment.Statement)]
    [InlineData(CrashMoment.Commit)]
    public async Task Osb_125_whichever_write_of_a_create_the_broker_dies_at_orphan_mitigation_cleans_up(CrashMoment moment)
    {
        var write = 1;
        while (await MitigatedAsync(write, moment))
        {
            write++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"The broker died at {write - 1} writes.");
        Assert.True(write > FewestWrites, $"There were only {write - 1} writes.");
    }

    /// <summary>Provision and bind, and deletes of whatever was not answered; false: the broker lived through all of it.</summary>
    private async Task<bool> MitigatedAsync(int write, CrashMoment moment)
    {
        await using var death = await CrashedBroker.AtWriteAsync(write, moment, Broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());

        var provisioned = await death.AskAsync(Provision(instance));
        var bound = provisioned is null ? null : await death.AskAsync(platform => platform.TryBindAsync(instance, binding));
        await death.CallOffAsync();
        // It is safe to repeat, and to send for resources that were never created (docs/osb-conformance.md 125).
        foreach (var again in (bool[])[false, true])
        {
            ExpectDeleted(await death.AskAsync(Unbind(instance, binding)), bound is not null && !again);
            ExpectDeleted(await death.AskAsync(Deprovision(instance)), provisioned is not null && !again);
        }

        await NothingIsLeftAsync(instance);
        return death.Happened;
    }

    private static void ExpectDeleted(OsbResponse? answer, bool wasThere)
    {
        HttpStatusCode[] right = wasThere ? [HttpStatusCode.OK] : [HttpStatusCode.OK, HttpStatusCode.Gone];
        Assert.True(right.Contains(answer!.Status), $"{answer.Status}: {answer.Body}");
    }
}

/// <summary>
/// The broker is killed (SIGKILL) at its first write, then at its second, and so on, until a lifecycle has no more writes. The
/// platform repeats its request, or cleans up after itself, and must never meet an inconsistent broker.
/// </summary>
public abstract class CrashTestBase(CrashingBrokerFixture broker) : IClassFixture<CrashingBrokerFixture>
{
    private protected CrashingBrokerFixture Broker => broker;

    private protected async Task NothingIsLeftAsync(string instance)
    {
        foreach (var table in (string[])["service_instance", "service_binding", "service_binding_service"])
        {
            Assert.Equal((table, 0), (table, await Broker.CountAsync(table, $"instance_id = '{instance}'")));
        }
    }

    private protected static void Expect(HttpStatusCode status, OsbResponse? answer) =>
        Assert.True(answer?.Status == status, $"{answer?.Status}: {answer?.Body}");

    private protected static Func<Platform, Task<OsbResponse>> Provision(string instance) =>
        platform => platform.TryProvisionAsync(instance, SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);

    private protected static Func<Platform, Task<OsbResponse>> Update(string instance) =>
        async platform =>
        {
            var (serviceId, planId) = await platform.PlanAsync(Platform.SpacePlan);
            return await platform.SendAsync(
                HttpMethod.Patch,
                $"/v2/service_instances/{instance}",
                new JsonObject
                {
                    ["service_id"] = serviceId,
                    ["plan_id"] = planId,
                    ["context"] = new JsonObject { ["platform"] = "cloudfoundry", ["instance_name"] = "renamed" },
                }
            );
        };

    private protected static Func<Platform, Task<OsbResponse>> Unbind(string instance, string binding) =>
        platform => platform.UnbindAsync(instance, binding);

    private protected static Func<Platform, Task<OsbResponse>> Deprovision(string instance) =>
        platform => platform.DeprovisionAsync(instance);
}
