using System.Collections.Concurrent;
using CsCheck;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

public abstract partial class RandomLifecycleTests
{
    [Fact]
    public async Task Concurrent_clients_get_no_server_error_and_no_second_credential_and_leave_nothing()
    {
        await SampleAsync(LifecycleCall.Any.Array[1, 15].Array[2, 5], 25, SeveralClientsAsync, clients =>
            string.Join("\n\n", clients.Select(Print))
        );
        await NoPasswordIsKeptAsync();
    }

    private async Task SeveralClientsAsync(LifecycleCall[][] clients)
    {
        var (world, seen) = (new LifecycleIds(), new Seen());
        await Task.WhenAll(
            clients.Select(async calls =>
            {
                var client = new LifecycleClient(_broker, world, _invariants);
                foreach (var call in calls)
                {
                    seen.Add(call, await client.SendAsync(call, RequestContents.Instance(call.OtherPlan ? 1 : 0).Plan, "space-1"));
                }
            })
        );

        var last = new LifecycleClient(_broker, world, _invariants);
        for (var instance = 0; instance < LifecycleIds.Instances; instance++)
        {
            await CheckAndDeleteAsync(last, seen, instance);
        }
        await last.CheckNothingRemainsAsync();
        NoPasswordIsLogged();
    }

    private static async Task CheckAndDeleteAsync(LifecycleClient client, Seen seen, int instance)
    {
        var any = new LifecycleCall(Verb.FetchInstance, instance, 0, 0, false, true, RequestFault.None);
        var fetched = await client.SendAsync(any, "", "");
        Assert.Equal(fetched.Status == 200 ? 1 : 0, seen.Provisioned(instance) - seen.Deprovisioned(instance));
        if (fetched.Status != 200)
        {
            return;
        }

        var plan = fetched.Json.GetProperty("plan_id").GetString()!;
        for (var binding = 0; binding < LifecycleIds.Bindings; binding++)
        {
            var fetch = any with { Verb = Verb.FetchBinding, Binding = binding };
            seen.Add(fetch, await client.SendAsync(fetch, "", ""));
            var unbind = any with { Verb = Verb.Unbind, Binding = binding };
            var answer = await client.SendAsync(unbind, plan, "");
            Assert.True(answer.Status is 200 or 410, answer.Text);
            seen.Add(unbind, answer);
            seen.Check(instance, binding);
        }

        Assert.Equal(200, (await client.SendAsync(any with { Verb = Verb.Deprovision }, plan, "")).Status);
    }

    /// <summary>The responses of all clients.</summary>
    private sealed class Seen
    {
        private readonly ConcurrentBag<(LifecycleCall Call, BrokerResponse Answer)> _answers = [];

        public void Add(LifecycleCall call, BrokerResponse answer) => _answers.Add((call, answer));

        public int Provisioned(int instance) => Count(instance, Verb.Provision, 201);

        public int Deprovisioned(int instance) => Count(instance, Verb.Deprovision, 200);

        /// <summary>
        /// Each bind creates at most one credential and ends at most once. A bind that ends before its response is reported as failed or
        /// conflicting, although another client may have received its credential or deleted it.
        /// </summary>
        public void Check(int instance, int binding)
        {
            var own = _answers.Where(pair => pair.Call.Instance == instance && pair.Call.Binding == binding).ToList();
            var binds = own.Where(pair => pair.Call.Verb is Verb.Bind or Verb.Rotate).Select(pair => pair.Answer).ToList();
            var begun =
                binds.Count(answer => answer.Status == 201)
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
            _answers.Count(pair => pair.Call.Instance == instance && pair.Call.Verb == verb && pair.Answer.Status == status);
    }
}
