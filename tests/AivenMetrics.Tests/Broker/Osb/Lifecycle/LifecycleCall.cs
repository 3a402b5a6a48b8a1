using CsCheck;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>An operation of the platform.</summary>
internal enum Verb
{
    Provision,
    FetchInstance,
    PollInstance,
    Update,
    Deprovision,
    Bind,
    Rotate,
    FetchBinding,
    PollBinding,
    Unbind,
}

/// <summary>A fault of a request.</summary>
internal enum RequestFault
{
    None,

    // These make no difference.
    UnknownFields,
    NoContentType,
    Charset,
    NewerVersion,
    NoOriginatingIdentity,

    // These have exactly one correct response, see FaultyRequests.
    OldVersion,
    NoVersion,
    WrongContentType,
    NotJson,
    NotAnObject,
    DuplicateField,
    MissingField,
    EmptyField,
    WrongType,
    UnknownPlan,
    BadQuery,
    BadUser,
}

/// <summary>A request, with ids from a small set of instances and bindings.</summary>
/// <param name="Verb">The operation.</param>
/// <param name="Instance">Index of the instance, see <see cref="LifecycleIds"/>.</param>
/// <param name="Binding">Index of the binding.</param>
/// <param name="Content">Index of the content, see <see cref="RequestContents"/>.</param>
/// <param name="OtherPlan">True: names the plan that the instance does not have.</param>
/// <param name="AcceptsIncomplete">True: sends accepts_incomplete=true.</param>
/// <param name="Fault">Fault of the request.</param>
internal sealed record LifecycleCall(
    Verb Verb,
    int Instance,
    int Binding,
    int Content,
    bool OtherPlan,
    bool AcceptsIncomplete,
    RequestFault Fault
)
{
    private static readonly Gen<Verb> AnyVerb = Gen.Frequency(
        (4, Gen.Const(Verb.Provision)),
        (1, Gen.Const(Verb.FetchInstance)),
        (1, Gen.Const(Verb.PollInstance)),
        (2, Gen.Const(Verb.Update)),
        (2, Gen.Const(Verb.Deprovision)),
        (8, Gen.Const(Verb.Bind)),
        (3, Gen.Const(Verb.Rotate)),
        (2, Gen.Const(Verb.FetchBinding)),
        (2, Gen.Const(Verb.PollBinding)),
        (4, Gen.Const(Verb.Unbind))
    );

    private static readonly Gen<RequestFault> AnyFault = Gen.Frequency((7, Gen.Const(RequestFault.None)), (3, Gen.Enum<RequestFault>()));

    private static readonly Gen<int> AnyBinding = Gen.Frequency(
        (4, Gen.Const(LifecycleIds.Good)),
        (3, Gen.Const(LifecycleIds.AlsoGood)),
        (1, Gen.Const(LifecycleIds.Slow)),
        (1, Gen.Const(LifecycleIds.Bad))
    );

    /// <summary>Any call. The first contents and instances are more frequent, so that calls interact.</summary>
    public static readonly Gen<LifecycleCall> Any = Gen.Select(
        AnyVerb,
        Gen.Frequency((3, Gen.Const(0)), (1, Gen.Const(1))),
        AnyBinding,
        Gen.Frequency((2, Gen.Const(0)), (3, Gen.Int[0, 11])),
        Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true))),
        Gen.Bool,
        AnyFault,
        (verb, instance, binding, content, otherPlan, waits, spoil) =>
            // A bind without a decision would block a platform without accepts_incomplete for the whole budget.
            new LifecycleCall(verb, instance, binding, content, otherPlan, waits || binding == LifecycleIds.Slow, spoil)
    );
}

/// <summary>Ids of one run, unique to it. They contain characters that need encoding.</summary>
internal sealed class LifecycleIds
{
    public const int Good = 0;
    public const int AlsoGood = 1;
    public const int Slow = 2;
    public const int Bad = 3;

    private static readonly string[] InstanceTails = ["a/b", "é 😀%2F+?#&=;:'\"\\"];
    private static readonly string[] BindingTails = ["good", "also good/..%25", "slow", "bad~!@$"];

    private readonly string _prefix = Guid.NewGuid().ToString("n");

    public static int Bindings => BindingTails.Length;

    public static int Instances => InstanceTails.Length;

    public string InstanceId(int instance) => $"{_prefix}-{InstanceTails[instance]}";

    public static string BindingId(int binding) => BindingTails[binding];

    public string Path(int instance) => $"/v2/service_instances/{Uri.EscapeDataString(InstanceId(instance))}";

    public string Path(int instance, int binding) => $"{Path(instance)}/service_bindings/{Uri.EscapeDataString(BindingId(binding))}";
}
