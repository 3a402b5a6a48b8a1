using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Sends the calls of one run.</summary>
internal sealed class LifecycleClient(BrokerHost broker, LifecycleIds world, ResponseInvariants invariants)
{
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Sends a call and checks the invariants of its response.</summary>
    /// <param name="call">The call.</param>
    /// <param name="plan">Plan of the call.</param>
    /// <param name="space">Space of the call.</param>
    public async Task<BrokerResponse> SendAsync(LifecycleCall call, string plan, string space)
    {
        var query = new Dictionary<string, string>();
        if (call.Verb is Verb.Deprovision or Verb.Unbind)
        {
            (query["service_id"], query["plan_id"]) = (BrokerHost.OfferingId, plan);
        }
        if (call.AcceptsIncomplete)
        {
            query["accepts_incomplete"] = "true";
        }
        var path = call.Verb switch
        {
            Verb.Provision or Verb.FetchInstance or Verb.Update or Verb.Deprovision => world.Path(call.Instance),
            Verb.PollInstance => world.Path(call.Instance) + "/last_operation",
            Verb.PollBinding => world.Path(call.Instance, call.Binding) + "/last_operation",
            _ => world.Path(call.Instance, call.Binding),
        };
        using var request = FaultyRequests.Request(call, path, query, Body(call, plan, space));
        return await SendAsync(request, call.Verb);
    }

    /// <summary>Sends any request and checks the invariants of its response.</summary>
    public async Task<BrokerResponse> SendAsync(HttpRequestMessage request, Verb? verb)
    {
        var identity = Guid.NewGuid().ToString();
        request.Headers.Add("X-Broker-API-Request-Identity", identity);
        using var response = await broker.Client.SendAsync(request);
        var answer = await BrokerResponse.ReadAsync(response);
        invariants.Check(verb, identity, answer);
        return answer;
    }

    /// <summary>Polls until an operation has ended, like a platform.</summary>
    /// <returns>The final state.</returns>
    public async Task<string> PollAsync(LifecycleCall call)
    {
        using var timeout = new CancellationTokenSource(TestTimeout);
        while (true)
        {
            var answer = await SendAsync(call with { Verb = Verb.PollBinding, Fault = RequestFault.None }, "", "");
            Assert.Equal(200, answer.Status);
            if (answer.Json.GetProperty("state").GetString() is var state && state != "in progress")
            {
                return state!;
            }
            await Task.Delay(20, timeout.Token);
        }
    }

    /// <summary>Fails if a row of this run remains, except for ended binds and audit entries.</summary>
    public async Task CheckNothingRemainsAsync()
    {
        foreach (var table in (string[])["service_instance", "service_binding", "service_binding_service"])
        {
            for (var instance = 0; instance < LifecycleIds.Instances; instance++)
            {
                var left = await broker
                    .Service<Database>()
                    .QueryAsync<string>(
                        $"SELECT instance_id FROM {table} WHERE instance_id = @id",
                        new { id = world.InstanceId(instance) },
                        CancellationToken.None
                    );
                Assert.True(left.Count == 0, $"{left.Count} rows are left in {table}.");
            }
        }
    }

    private static JsonObject? Body(LifecycleCall call, string plan, string space) =>
        call.Verb switch
        {
            Verb.Provision => RequestContents.Body(RequestContents.Instance(call.Content)),
            Verb.Update => RequestContents.Body(RequestContents.Update(call.Content), plan),
            Verb.Bind => RequestContents.Body(RequestContents.Bind(call.Content), plan, space),
            Verb.Rotate => RequestContents.Rotation(
                plan,
                LifecycleIds.BindingId(LifecycleModel.Predecessor(call)),
                LifecycleModel.NamesPlan(call)
            ),
            _ => null,
        };
}
