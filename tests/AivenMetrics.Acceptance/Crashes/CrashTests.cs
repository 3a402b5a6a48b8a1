using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>
/// The broker is killed (SIGKILL) at its first write, then at its second, and so on, until a lifecycle has no more writes. The
/// platform asks again, or cleans up after itself, and must never meet an inconsistent broker.
/// </summary>
public sealed class CrashTests(DyingBroker broker) : IClassFixture<DyingBroker>
{
    /// <summary>Fewer writes than these would mean that the trap misses some: instance, binding, their deletes, and the audit trail.</summary>
    private const int FewestWrites = 10;

    [Theory]
    [InlineData(Moment.Statement)]
    [InlineData(Moment.Commit)]
    public async Task Whichever_write_the_broker_dies_at_the_platforms_retry_gets_a_consistent_answer(Moment moment)
    {
        int write = 1;
        while (await Lifecycle(write, moment))
        {
            write++;
        }

        Assert.True(write > FewestWrites, $"There were only {write - 1} writes.");
    }

    [Theory]
    [InlineData(Moment.Statement)]
    [InlineData(Moment.Commit)]
    public async Task Osb_125_whichever_write_of_a_create_the_broker_dies_at_orphan_mitigation_cleans_up(Moment moment)
    {
        int write = 1;
        while (await Mitigated(write, moment))
        {
            write++;
        }

        Assert.True(write > FewestWrites / 2, $"There were only {write - 1} writes.");
    }

    /// <summary>Provision, update, bind, unbind and deprovision; false: the broker lived through all of it.</summary>
    private async Task<bool> Lifecycle(int write, Moment moment)
    {
        await using Death death = await Death.AtWrite(write, moment, broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        // A transaction that was committed is found done by the retry, one that was not is begun anew.
        bool kept = moment == Moment.Commit;

        OsbAnswer? first = await death.Ask(Provision(instance));
        Expect(first is null && kept ? HttpStatusCode.OK : HttpStatusCode.Created, first ?? await death.Ask(Provision(instance)));
        Expect(HttpStatusCode.OK, await death.Ask(Update(instance)) ?? await death.Ask(Update(instance)));

        JsonNode credentials = await Bind(death, instance, binding);
        await OnlyCredential(instance, credentials);

        first = await death.Ask(Unbind(instance, binding));
        if (first is null)
        {
            OsbAnswer fetched = (await death.Ask(platform => platform.Fetch(instance, binding)))!;
            Assert.Equal(kept ? null : credentials.ToJsonString(), fetched.Body["credentials"]?.ToJsonString());
        }

        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.Ask(Unbind(instance, binding)));
        first = await death.Ask(Deprovision(instance));
        Expect(first is null && kept ? HttpStatusCode.Gone : HttpStatusCode.OK, first ?? await death.Ask(Deprovision(instance)));

        await NothingIsLeft(instance);
        await ToldOnce(instance, "Provision", "Bind", "Unbind", "Deprovision");
        return death.Happened;
    }

    /// <summary>Provision and bind, and deletes of whatever was not answered; false: the broker lived through all of it.</summary>
    private async Task<bool> Mitigated(int write, Moment moment)
    {
        await using Death death = await Death.AtWrite(write, moment, broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());

        OsbAnswer? provisioned = await death.Ask(Provision(instance));
        OsbAnswer? bound = provisioned is null ? null : await death.Ask(platform => platform.TryBind(instance, binding));
        await death.CallOff();
        // It is safe to repeat, and to send for what was never made (osb.md 125).
        foreach (bool again in (bool[])[false, true])
        {
            ExpectDeleted(await death.Ask(Unbind(instance, binding)), bound is not null && !again);
            ExpectDeleted(await death.Ask(Deprovision(instance)), provisioned is not null && !again);
        }

        await NothingIsLeft(instance);
        return death.Happened;
    }

    private async Task<JsonNode> Bind(Death death, string instance, string binding)
    {
        Func<Platform, Task<OsbAnswer>> bind = platform => platform.TryBind(instance, binding);
        OsbAnswer answer = (await death.Ask(bind) ?? await death.Ask(bind))!;
        Assert.True(answer.Status is HttpStatusCode.Created or HttpStatusCode.OK, $"{answer.Status}: {answer.Body}");
        JsonNode credentials = answer.Body["credentials"]!;
        OsbAnswer replay = (await death.Ask(bind) ?? await death.Ask(bind))!;
        Expect(HttpStatusCode.OK, replay);
        Assert.Equal(credentials.ToJsonString(), replay.Body["credentials"]!.ToJsonString());
        return credentials;
    }

    private async Task OnlyCredential(string instance, JsonNode credentials)
    {
        string username = credentials["username"]!.GetValue<string>();
        Assert.Equal(1, await broker.Count("service_binding", $"instance_id = '{instance}'"));
        Assert.Equal(1, await broker.Count("service_binding", $"username = '{username}'"));
        await Stack.Until("the gateway has the credential", () => Task.FromResult(broker.Gateway.Usernames.Contains(username)));
    }

    private async Task NothingIsLeft(string instance)
    {
        foreach (string table in (string[])["service_instance", "service_binding", "service_binding_service"])
        {
            Assert.Equal((table, 0), (table, await broker.Count(table, $"instance_id = '{instance}'")));
        }
    }

    /// <summary>The audit trail has each change once, however often it was asked for.</summary>
    private async Task ToldOnce(string instance, params string[] actions)
    {
        foreach (string action in actions)
        {
            // Binds succeed by the broker itself; platforms that ask again are told of apart.
            string user = action == "Bind" ? "" : "platform";
            long entries = await broker.Count(
                "audit_entry", $"instance_id = '{instance}' AND action = '{action}' AND result = 'succeeded' AND broker_user = '{user}'");
            Assert.Equal((action, 1), (action, entries));
        }
    }

    private static void Expect(HttpStatusCode status, OsbAnswer? answer) => Assert.True(answer?.Status == status, $"{answer?.Status}: {answer?.Body}");

    private static void ExpectDeleted(OsbAnswer? answer, bool wasThere)
    {
        HttpStatusCode[] right = wasThere ? [HttpStatusCode.OK] : [HttpStatusCode.OK, HttpStatusCode.Gone];
        Assert.True(right.Contains(answer!.Status), $"{answer.Status}: {answer.Body}");
    }

    private static Func<Platform, Task<OsbAnswer>> Provision(string instance) =>
        platform => platform.TryProvision(instance, Seed.Forecast.OrganizationId, Seed.Forecast.Id);

    private static Func<Platform, Task<OsbAnswer>> Update(string instance) => async platform =>
    {
        var (serviceId, planId) = await platform.Plan(Platform.SpacePlan);
        return await platform.Send(HttpMethod.Patch, $"/v2/service_instances/{instance}", new JsonObject
        {
            ["service_id"] = serviceId,
            ["plan_id"] = planId,
            ["context"] = new JsonObject { ["platform"] = "cloudfoundry", ["instance_name"] = "renamed" },
        });
    };

    private static Func<Platform, Task<OsbAnswer>> Unbind(string instance, string binding) => platform => platform.Unbind(instance, binding);

    private static Func<Platform, Task<OsbAnswer>> Deprovision(string instance) => platform => platform.Deprovision(instance);
}
