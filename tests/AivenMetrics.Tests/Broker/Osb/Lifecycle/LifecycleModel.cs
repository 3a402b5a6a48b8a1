using System.Text.Json;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>The state of a binding as the platform knows it.</summary>
internal sealed class ModelBinding
{
    public required string Content { get; init; }

    public required string Plan { get; init; }

    public required string State { get; set; }

    /// <summary>Operation string of the bind; null if it completed synchronously.</summary>
    public string? Operation { get; init; }

    /// <summary>The first credentials received; null: none yet.</summary>
    public string? Credentials { get; set; }
}

/// <summary>The state of an instance as the platform knows it.</summary>
internal sealed class ModelInstance
{
    public required ProvisionContent Content { get; set; }

    public Dictionary<int, ModelBinding> Bindings { get; } = [];
}

/// <summary>
/// A model of the protocol for one client: the allowed statuses of each call and the resulting state. Where the specification allows
/// several responses, the model follows the actual one.
/// </summary>
internal sealed class LifecycleModel
{
    private const string Running = "in progress";
    private const string Succeeded = "succeeded";
    private const string Failed = "failed";

    private readonly Dictionary<int, ModelInstance> _instances = [];

    /// <summary>Binds ended by an unbind while in progress; a poll still reports it (docs/osb-conformance.md 119).</summary>
    private readonly HashSet<(int Instance, int Binding)> _ended = [];

    public IEnumerable<int> Instances => _instances.Keys.Order();

    public IEnumerable<int> Bindings(int instance) => _instances[instance].Bindings.Keys.Order();

    /// <summary>Plan of the call.</summary>
    public string Plan(LifecycleCall call)
    {
        var plan = _instances.TryGetValue(call.Instance, out var instance) ? instance.Content.Plan : BrokerHost.SpacePlan;
        return call.OtherPlan ? RequestContents.OtherPlan(plan) : plan;
    }

    public string Space(LifecycleCall call) => _instances.TryGetValue(call.Instance, out var instance) ? instance.Content.Space : "space-1";

    /// <summary>Allowed statuses of a call without a fault.</summary>
    public int[] Expected(LifecycleCall call)
    {
        var instance = _instances.GetValueOrDefault(call.Instance);
        var binding = instance?.Bindings.GetValueOrDefault(call.Binding);
        return call.Verb switch
        {
            Verb.Provision => instance is null ? [201]
            : instance.Content == RequestContents.Instance(call.Content) ? [200]
            : [409],
            Verb.FetchInstance or Verb.PollInstance => instance is null ? [404] : [200],
            Verb.Update => instance is null ? [400, 404]
            : Updated(call, instance) is null ? [400]
            : [200],
            Verb.Deprovision => instance is null ? [410]
            : call.OtherPlan || instance.Bindings.Values.Any(live => live.State != Failed) ? [400]
            : [200],
            Verb.Bind => instance is null ? [400, 404] : Bind(call, instance, binding),
            Verb.Rotate => instance is null ? [400, 404] : Rotate(call, instance, binding),
            Verb.FetchBinding => binding?.State == Succeeded ? [200] : [404],
            Verb.PollBinding => binding is not null || _ended.Contains((call.Instance, call.Binding)) ? [200] : [404],
            // After a plan update, an unbind may name either plan.
            Verb.Unbind => binding is null ? [410]
            : Plan(call) == binding.Plan || !call.OtherPlan ? [200]
            : [400],
            _ => throw new ArgumentOutOfRangeException(nameof(call)),
        };
    }

    /// <summary>Applies the response of a call without a fault, whose status was expected.</summary>
    public void Learn(LifecycleCall call, BrokerResponse answer)
    {
        var instance = _instances.GetValueOrDefault(call.Instance);
        switch (call.Verb)
        {
            case Verb.Provision when answer.Status == 201:
                _instances[call.Instance] = new ModelInstance { Content = RequestContents.Instance(call.Content) };
                break;
            case Verb.Update when answer.Status == 200:
                instance!.Content = Updated(call, instance)!;
                break;
            case Verb.Deprovision when answer.Status == 200:
                _instances.Remove(call.Instance);
                break;
            case Verb.FetchInstance when answer.Status == 200:
                Assert.Equal(instance!.Content.Plan, answer.Json.GetProperty("plan_id").GetString());
                break;
            case Verb.Bind or Verb.Rotate when instance is not null:
                LearnBind(call, instance, answer);
                break;
            case Verb.FetchBinding when answer.Status == 200:
                SameCredentials(instance!.Bindings[call.Binding], answer);
                break;
            case Verb.PollBinding when answer.Status == 200:
                Assert.Equal(
                    instance?.Bindings.GetValueOrDefault(call.Binding)?.State ?? Failed,
                    answer.Json.GetProperty("state").GetString()
                );
                break;
            case Verb.Unbind when answer.Status == 200:
                if (instance!.Bindings[call.Binding].State == Running)
                {
                    _ended.Add((call.Instance, call.Binding));
                }
                instance.Bindings.Remove(call.Binding);
                break;
        }
    }

    /// <summary>Applies the outcome of an operation that was answered with 202.</summary>
    public void Settle(LifecycleCall call, string state) => _instances[call.Instance].Bindings[call.Binding].State = state;

    private static ProvisionContent? Updated(LifecycleCall call, ModelInstance instance)
    {
        var wish = RequestContents.Update(call.Content);
        var sent = call.OtherPlan ? RequestContents.OtherPlan(instance.Content.Plan) : instance.Content.Plan;
        var plan = wish.OtherPlan ? RequestContents.OtherPlan(sent) : sent;
        // Absent values stay unchanged, including default services that the new plan does not use (docs/osb-conformance.md 79).
        if (wish.Services is null)
        {
            return instance.Content with { Plan = plan };
        }
        return plan == BrokerHost.SpacePlan ? null
            : wish.Services.Length == 0 ? instance.Content with { Plan = plan, Services = null }
            : instance.Content.Space == "space-1" ? instance.Content with { Plan = plan, Services = wish.Services }
            : null;
    }

    private int[] Bind(LifecycleCall call, ModelInstance instance, ModelBinding? existing)
    {
        if (existing is { State: not Failed })
        {
            return existing.Plan == Plan(call) && existing.Content == RequestContents.Bind(call.Content).ToString()
                ? Replay(existing)
                : [400, 409];
        }
        return Begins(call, instance) ? New(call) : [400];
    }

    private int[] Rotate(LifecycleCall call, ModelInstance instance, ModelBinding? existing)
    {
        int[] refused = [400, 404, 409, 422];
        if (existing is { State: not Failed })
        {
            return existing.Content == RotationOf(call) ? Replay(existing) : refused;
        }
        return Begins(call, instance) ? New(call) : refused;
    }

    private static int[] Replay(ModelBinding existing) => existing.State == Running ? [202] : [200];

    /// <summary>Returns true if a call without a live binding starts a new bind.</summary>
    private bool Begins(LifecycleCall call, ModelInstance instance)
    {
        if (call.Verb == Verb.Rotate)
        {
            return instance.Bindings.TryGetValue(Predecessor(call), out var old)
                && old.State == Succeeded
                // A scope that the plan no longer includes is not granted again.
                && (old.Plan != BrokerHost.SpacePlan || instance.Content.Plan == BrokerHost.SpacePlan)
                && (!NamesPlan(call) || Plan(call) == instance.Content.Plan || Plan(call) == old.Plan);
        }
        var wish = RequestContents.Bind(call.Content);
        var space = instance.Content.Plan == BrokerHost.SpacePlan;
        var named = wish.Services ?? (space ? null : instance.Content.Services);
        return !call.OtherPlan && space == (named is null) && (named is null || instance.Content.Space == "space-1");
    }

    private static int[] New(LifecycleCall call) =>
        (call.Binding, call.AcceptsIncomplete) switch
        {
            (LifecycleIds.Slow, _) => [202],
            (LifecycleIds.Bad, true) => [202, 400],
            (LifecycleIds.Bad, false) => [400],
            (_, true) => [201, 202],
            _ => [201],
        };

    /// <summary>Returns true if a rotation contains its plan, the longer of its two forms (docs/osb-conformance.md 108).</summary>
    public static bool NamesPlan(LifecycleCall call) => call.AcceptsIncomplete || call.OtherPlan;

    /// <summary>The predecessor of a rotation.</summary>
    public static int Predecessor(LifecycleCall call) => call.Content % LifecycleIds.Bindings;

    private static string RotationOf(LifecycleCall call) => $"rotation of {Predecessor(call)}";

    private void LearnBind(LifecycleCall call, ModelInstance instance, BrokerResponse answer)
    {
        var existing = instance.Bindings.GetValueOrDefault(call.Binding);
        if (answer.Status >= 400)
        {
            // A bind that fails immediately leaves nothing, including an earlier bind of the same id.
            if (existing?.State == Failed && Begins(call, instance))
            {
                instance.Bindings.Remove(call.Binding);
            }
            return;
        }

        if (existing is null || existing.State == Failed)
        {
            Assert.NotEqual(200, answer.Status);
            _ended.Remove((call.Instance, call.Binding));
            existing = instance.Bindings[call.Binding] = new ModelBinding
            {
                Content = call.Verb == Verb.Rotate ? RotationOf(call) : RequestContents.Bind(call.Content).ToString(),
                Plan = call.Verb == Verb.Rotate ? instance.Bindings[Predecessor(call)].Plan : instance.Content.Plan,
                State = answer.Status == 201 ? Succeeded : Running,
                Operation = answer.Status == 202 ? Operation(answer) : null,
            };
        }

        if (answer.Status == 202)
        {
            Assert.Equal(existing.Operation, Operation(answer));
        }
        else
        {
            SameCredentials(existing, answer);
        }
    }

    private static string? Operation(BrokerResponse answer) => answer.Json.GetProperty("operation").GetString();

    /// <summary>A binding has the same credentials for its whole life (docs/osb-conformance.md 91 and 112).</summary>
    private static void SameCredentials(ModelBinding binding, BrokerResponse answer)
    {
        var credentials = answer.Json.GetProperty("credentials").GetRawText();
        Assert.NotEqual(JsonValueKind.Null, answer.Json.GetProperty("credentials").ValueKind);
        Assert.Equal(binding.Credentials ??= credentials, credentials);
    }
}
