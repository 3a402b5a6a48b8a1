using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Sends the calls of one world.</summary>
internal sealed class Client(BrokerHost broker, World world, Invariants invariants)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends a call and checks what holds for every answer.</summary>
    /// <param name="call">The call.</param>
    /// <param name="plan">The plan that it names.</param>
    /// <param name="space">The space that it names.</param>
    public async Task<Answer> Send(Call call, string plan, string space)
    {
        var query = new Dictionary<string, string>();
        if (call.Verb is Verb.Deprovision or Verb.Unbind)
            (query["service_id"], query["plan_id"]) = (BrokerHost.OfferingId, plan);
        if (call.Waits)
            query["accepts_incomplete"] = "true";
        var path = call.Verb switch
        {
            Verb.Provision or Verb.FetchInstance or Verb.Update or Verb.Deprovision => world.Path(call.Instance),
            Verb.PollInstance => world.Path(call.Instance) + "/last_operation",
            Verb.PollBinding => world.Path(call.Instance, call.Binding) + "/last_operation",
            _ => world.Path(call.Instance, call.Binding),
        };
        using var request = SpoiltRequests.Request(call, path, query, Body(call, plan, space));
        return await Send(request, call.Verb);
    }

    /// <summary>Sends any request and checks what holds for every answer.</summary>
    public async Task<Answer> Send(HttpRequestMessage request, Verb? verb)
    {
        var identity = Guid.NewGuid().ToString();
        request.Headers.Add("X-Broker-API-Request-Identity", identity);
        using var response = await broker.Client.SendAsync(request);
        var answer = await Answer.Of(response);
        invariants.Check(verb, identity, answer);
        return answer;
    }

    /// <summary>Polls until an operation has ended, as a platform does.</summary>
    /// <returns>The state.</returns>
    public async Task<string> Poll(Call call)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var answer = await Send(call with { Verb = Verb.PollBinding, Spoil = Spoil.Nothing }, "", "");
            Assert.Equal(200, answer.Status);
            if (answer.Json.GetProperty("state").GetString() is var state && state != "in progress")
                return state!;
            await Task.Delay(20, patience.Token);
        }
    }

    /// <summary>Fails when a row of this world is left; what tells of the past may stay.</summary>
    public async Task NothingIsLeft()
    {
        foreach (var table in (string[])["service_instance", "service_binding", "service_binding_service"])
            for (var instance = 0; instance < World.Instances; instance++)
            {
                var left = await broker.Service<Database>().Query<string>(
                    $"SELECT instance_id FROM {table} WHERE instance_id = @id", new { id = world.InstanceId(instance) }, CancellationToken.None);
                Assert.True(left.Count == 0, $"{left.Count} rows are left in {table}.");
            }
    }

    private static JsonObject? Body(Call call, string plan, string space) => call.Verb switch
    {
        Verb.Provision => Wishes.Body(Wishes.Instance(call.Content)),
        Verb.Update => Wishes.Body(Wishes.Update(call.Content), plan),
        Verb.Bind => Wishes.Body(Wishes.Bind(call.Content), plan, space),
        Verb.Rotate => Wishes.Rotation(plan, World.BindingId(LifecycleModel.Predecessor(call)), LifecycleModel.NamesPlan(call)),
        _ => null,
    };
}
