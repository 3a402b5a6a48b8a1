using System.Collections.Concurrent;
using CsCheck;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

public abstract partial class RandomLifecycleTests
{
    [Fact]
    public async Task Several_clients_at_once_never_get_a_fault_nor_a_second_credential_and_leave_nothing()
    {
        await Sample(Call.Any.Array[1, 15].Array[2, 5], 25, SeveralClients, clients => string.Join("\n\n", clients.Select(Print)));
        await NoPasswordIsKept();
    }

    private async Task SeveralClients(Call[][] clients)
    {
        var (world, seen) = (new World(), new Seen());
        await Task.WhenAll(clients.Select(async calls =>
        {
            var client = new Client(broker, world, invariants);
            foreach (var call in calls)
                seen.Add(call, await client.Send(call, Wishes.Instance(call.OtherPlan ? 1 : 0).Plan, "space-1"));
        }));

        var last = new Client(broker, world, invariants);
        for (var instance = 0; instance < World.Instances; instance++)
            await CheckAndDelete(last, seen, instance);
        await last.NothingIsLeft();
        NoPasswordIsLogged();
    }

    private static async Task CheckAndDelete(Client client, Seen seen, int instance)
    {
        var any = new Call(Verb.FetchInstance, instance, 0, 0, false, true, Spoil.Nothing);
        var fetched = await client.Send(any, "", "");
        Assert.Equal(fetched.Status == 200 ? 1 : 0, seen.Provisioned(instance) - seen.Deprovisioned(instance));
        if (fetched.Status != 200)
            return;

        var plan = fetched.Json.GetProperty("plan_id").GetString()!;
        for (var binding = 0; binding < World.Bindings; binding++)
        {
            var fetch = any with { Verb = Verb.FetchBinding, Binding = binding };
            seen.Add(fetch, await client.Send(fetch, "", ""));
            var unbind = any with { Verb = Verb.Unbind, Binding = binding };
            var answer = await client.Send(unbind, plan, "");
            Assert.True(answer.Status is 200 or 410, answer.Text);
            seen.Add(unbind, answer);
            seen.Check(instance, binding);
        }

        Assert.Equal(200, (await client.Send(any with { Verb = Verb.Deprovision }, plan, "")).Status);
    }

    /// <summary>What all clients together were told.</summary>
    private sealed class Seen
    {
        private readonly ConcurrentBag<(Call Call, Answer Answer)> answers = [];

        public void Add(Call call, Answer answer) => answers.Add((call, answer));

        public int Provisioned(int instance) => Count(instance, Verb.Provision, 201);

        public int Deprovisioned(int instance) => Count(instance, Verb.Deprovision, 200);

        /// <summary>
        /// Each bind that was begun made at most one credential and was ended at most once. A bind that was ended before its
        /// answer is told as lost or failed, though another client may have seen its credential or deleted what was left.
        /// </summary>
        public void Check(int instance, int binding)
        {
            var own = answers.Where(pair => pair.Call.Instance == instance && pair.Call.Binding == binding).ToList();
            var binds = own.Where(pair => pair.Call.Verb is Verb.Bind or Verb.Rotate).Select(pair => pair.Answer).ToList();
            var begun = binds.Count(answer => answer.Status == 201)
                + binds.Where(answer => answer.Status == 202).Select(answer => answer.Text).Distinct().Count();
            var lost = binds.Count(answer => answer.Error == "ConcurrencyError" || answer.Description == BadReason);
            var credentials = own.Select(pair => pair.Answer)
                .Where(answer => answer.Status is 200 or 201 && answer.Json.TryGetProperty("credentials", out _))
                .Select(answer => answer.Json.GetProperty("credentials").GetRawText())
                .Distinct()
                .Count();
            var ended = own.Count(pair => pair.Call.Verb == Verb.Unbind && pair.Answer.Status == 200);

            Assert.True(credentials <= begun + lost, $"{begun} binds and {lost} that were lost made {credentials} credentials.");
            Assert.True(ended <= begun + lost, $"{begun} binds and {lost} that were lost were ended {ended} times.");
        }

        private int Count(int instance, Verb verb, int status) =>
            answers.Count(pair => pair.Call.Instance == instance && pair.Call.Verb == verb && pair.Answer.Status == status);
    }
}
