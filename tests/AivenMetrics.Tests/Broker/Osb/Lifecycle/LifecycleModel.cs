using System.Text.Json;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>What the platform may believe of one binding.</summary>
internal sealed class ModelBinding
{
    public required string Wish { get; init; }

    public required string Plan { get; init; }

    public required string State { get; set; }

    /// <summary>The operation string of its bind; null: it was answered at once.</summary>
    public string? Operation { get; init; }

    /// <summary>The credentials as first seen; null: not yet.</summary>
    public string? Credentials { get; set; }
}

/// <summary>What the platform may believe of one instance.</summary>
internal sealed class ModelInstance
{
    public required InstanceWish Wish { get; set; }

    public Dictionary<int, ModelBinding> Bindings { get; } = [];
}

/// <summary>
/// The broker as osb.md A16 has it, for one client: which statuses each call may have, and what is there afterwards. Where the
/// specification leaves an answer open, all clean ones are expected and the model follows the one that came.
/// </summary>
internal sealed class LifecycleModel
{
    private const string Running = "in progress";
    private const string Succeeded = "succeeded";
    private const string Failed = "failed";

    private readonly Dictionary<int, ModelInstance> instances = [];

    /// <summary>Binds that were ended by an unbind while they ran: a poll still tells so (osb.md 119).</summary>
    private readonly HashSet<(int Instance, int Binding)> ended = [];

    public IEnumerable<int> Instances => instances.Keys.Order();

    public IEnumerable<int> Bindings(int instance) => instances[instance].Bindings.Keys.Order();

    /// <summary>The plan that the call is sent with.</summary>
    public string Plan(Call call)
    {
        var plan = instances.TryGetValue(call.Instance, out var instance) ? instance.Wish.Plan : BrokerHost.SpacePlan;
        return call.OtherPlan ? Wishes.OtherPlan(plan) : plan;
    }

    public string Space(Call call) => instances.TryGetValue(call.Instance, out var instance) ? instance.Wish.Space : "space-1";

    /// <summary>The statuses that an unspoilt call may have now.</summary>
    public int[] Expected(Call call)
    {
        var instance = instances.GetValueOrDefault(call.Instance);
        var binding = instance?.Bindings.GetValueOrDefault(call.Binding);
        return call.Verb switch
        {
            Verb.Provision => instance is null ? [201] : instance.Wish == Wishes.Instance(call.Content) ? [200] : [409],
            Verb.FetchInstance or Verb.PollInstance => instance is null ? [404] : [200],
            Verb.Update => instance is null ? [400, 404] : Updated(call, instance) is null ? [400] : [200],
            Verb.Deprovision => instance is null ? [410]
                : call.OtherPlan || instance.Bindings.Values.Any(live => live.State != Failed) ? [400] : [200],
            Verb.Bind => instance is null ? [400, 404] : Bind(call, instance, binding),
            Verb.Rotate => instance is null ? [400, 404] : Rotate(call, instance, binding),
            Verb.FetchBinding => binding?.State == Succeeded ? [200] : [404],
            Verb.PollBinding => binding is not null || ended.Contains((call.Instance, call.Binding)) ? [200] : [404],
            // After an update of the plan either may be named (osb.md C18).
            Verb.Unbind => binding is null ? [410] : Plan(call) == binding.Plan || !call.OtherPlan ? [200] : [400],
            _ => throw new ArgumentOutOfRangeException(nameof(call)),
        };
    }

    /// <summary>Takes the answer of an unspoilt call, whose status was expected, into the model.</summary>
    public void Learn(Call call, Answer answer)
    {
        var instance = instances.GetValueOrDefault(call.Instance);
        switch (call.Verb)
        {
            case Verb.Provision when answer.Status == 201:
                instances[call.Instance] = new ModelInstance { Wish = Wishes.Instance(call.Content) };
                break;
            case Verb.Update when answer.Status == 200:
                instance!.Wish = Updated(call, instance)!;
                break;
            case Verb.Deprovision when answer.Status == 200:
                instances.Remove(call.Instance);
                break;
            case Verb.FetchInstance when answer.Status == 200:
                Assert.Equal(instance!.Wish.Plan, answer.Json.GetProperty("plan_id").GetString());
                break;
            case Verb.Bind or Verb.Rotate when instance is not null:
                LearnBind(call, instance, answer);
                break;
            case Verb.FetchBinding when answer.Status == 200:
                SameCredentials(instance!.Bindings[call.Binding], answer);
                break;
            case Verb.PollBinding when answer.Status == 200:
                Assert.Equal(instance?.Bindings.GetValueOrDefault(call.Binding)?.State ?? Failed, answer.Json.GetProperty("state").GetString());
                break;
            case Verb.Unbind when answer.Status == 200:
                if (instance!.Bindings[call.Binding].State == Running)
                    ended.Add((call.Instance, call.Binding));
                instance.Bindings.Remove(call.Binding);
                break;
        }
    }

    /// <summary>Takes in how an operation ended that was answered with 202.</summary>
    public void Settle(Call call, string state) => instances[call.Instance].Bindings[call.Binding].State = state;

    private static InstanceWish? Updated(Call call, ModelInstance instance)
    {
        var wish = Wishes.Update(call.Content);
        var sent = call.OtherPlan ? Wishes.OtherPlan(instance.Wish.Plan) : instance.Wish.Plan;
        var plan = wish.OtherPlan ? Wishes.OtherPlan(sent) : sent;
        // What is not named stays, also a default that the new plan does not use (osb.md 79).
        if (wish.Services is null)
            return instance.Wish with { Plan = plan };
        return plan == BrokerHost.SpacePlan ? null
            : wish.Services.Length == 0 ? instance.Wish with { Plan = plan, Services = null }
            : instance.Wish.Space == "space-1" ? instance.Wish with { Plan = plan, Services = wish.Services } : null;
    }

    private int[] Bind(Call call, ModelInstance instance, ModelBinding? existing)
    {
        if (existing is { State: not Failed })
            return existing.Plan == Plan(call) && existing.Wish == Wishes.Bind(call.Content).ToString() ? Replay(existing) : [400, 409];
        return Begins(call, instance) ? New(call) : [400];
    }

    private int[] Rotate(Call call, ModelInstance instance, ModelBinding? existing)
    {
        int[] refused = [400, 404, 409, 422];
        if (existing is { State: not Failed })
            return existing.Wish == RotationOf(call) ? Replay(existing) : refused;
        return Begins(call, instance) ? New(call) : refused;
    }

    private static int[] Replay(ModelBinding existing) => existing.State == Running ? [202] : [200];

    /// <summary>True when a call that meets no live binding begins a new bind.</summary>
    private bool Begins(Call call, ModelInstance instance)
    {
        if (call.Verb == Verb.Rotate)
            return instance.Bindings.TryGetValue(Predecessor(call), out var old) && old.State == Succeeded
                // What the plan gives no longer is not given anew.
                && (old.Plan != BrokerHost.SpacePlan || instance.Wish.Plan == BrokerHost.SpacePlan)
                && (!NamesPlan(call) || Plan(call) == instance.Wish.Plan || Plan(call) == old.Plan);
        var wish = Wishes.Bind(call.Content);
        var space = instance.Wish.Plan == BrokerHost.SpacePlan;
        var named = wish.Services ?? (space ? null : instance.Wish.Services);
        return !call.OtherPlan && space == (named is null) && (named is null || instance.Wish.Space == "space-1");
    }

    private static int[] New(Call call) => (call.Binding, call.Waits) switch
    {
        (World.Slow, _) => [202],
        (World.Bad, true) => [202, 400],
        (World.Bad, false) => [400],
        (_, true) => [201, 202],
        _ => [201],
    };

    /// <summary>True when a rotation names its plan, in the longer of its two shapes (osb.md 108).</summary>
    public static bool NamesPlan(Call call) => call.Waits || call.OtherPlan;

    /// <summary>The binding that a rotation names.</summary>
    public static int Predecessor(Call call) => call.Content % World.Bindings;

    private static string RotationOf(Call call) => $"rotation of {Predecessor(call)}";

    private void LearnBind(Call call, ModelInstance instance, Answer answer)
    {
        var existing = instance.Bindings.GetValueOrDefault(call.Binding);
        if (answer.Status >= 400)
        {
            // A bind that was begun and failed at once leaves nothing, not even the one before it.
            if (existing?.State == Failed && Begins(call, instance))
                instance.Bindings.Remove(call.Binding);
            return;
        }

        if (existing is null || existing.State == Failed)
        {
            Assert.NotEqual(200, answer.Status);
            ended.Remove((call.Instance, call.Binding));
            existing = instance.Bindings[call.Binding] = new ModelBinding
            {
                Wish = call.Verb == Verb.Rotate ? RotationOf(call) : Wishes.Bind(call.Content).ToString(),
                Plan = call.Verb == Verb.Rotate ? instance.Bindings[Predecessor(call)].Plan : instance.Wish.Plan,
                State = answer.Status == 201 ? Succeeded : Running,
                Operation = answer.Status == 202 ? Operation(answer) : null,
            };
        }

        if (answer.Status == 202)
            Assert.Equal(existing.Operation, Operation(answer));
        else
            SameCredentials(existing, answer);
    }

    private static string? Operation(Answer answer) => answer.Json.GetProperty("operation").GetString();

    /// <summary>One credential for the whole life of a binding (osb.md 91, 112).</summary>
    private static void SameCredentials(ModelBinding binding, Answer answer)
    {
        var credentials = answer.Json.GetProperty("credentials").GetRawText();
        Assert.NotEqual(JsonValueKind.Null, answer.Json.GetProperty("credentials").ValueKind);
        Assert.Equal(binding.Credentials ??= credentials, credentials);
    }
}
