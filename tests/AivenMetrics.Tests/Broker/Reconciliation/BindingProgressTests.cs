using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

public sealed class BindingProgressTests
{
    private static readonly AcknowledgementCount Accepted = new(2, 2);

    [Fact]
    public void A_bind_is_done_when_every_service_is_integrated_or_has_a_reason()
    {
        var hobby = ReconciliationData.Service("prod-x", plan: "hobbyist");
        var progress = Of(
            ReconciliationData.SpaceBinding(),
            With("a", Condition.Integrated("a")),
            With("b", Condition.WaitingForMetrics("b")),
            With(
                "prod-x",
                Condition.FromError(hobby, new AivenError(403, null, "Service integrations are not available for this service"), 1)
            )
        );
        Assert.Equal(
            (
                OperationState.Succeeded,
                "1 of 3 services delivers metrics. Waiting for Aiven to open the metrics port of b (about a minute). The plan "
                    + "of prod-x (hobbyist) does not support integrations. Choose a larger plan."
            ),
            (progress.State, progress.Description)
        );
    }

    [Fact]
    public void A_bind_waits_for_a_service_without_a_response_from_Aiven()
    {
        var progress = Of(
            ReconciliationData.SpaceBinding(),
            With("a", Condition.Integrated("a")),
            With("b", Condition.AivenUnavailable("b", 1))
        );
        Assert.Equal(OperationState.InProgress, progress.State);
        Assert.Equal("1 of 2 services ready. Aiven has not responded for b yet. The request is being retried.", progress.Description);
    }

    [Fact]
    public void A_bind_waits_only_for_a_limited_number_of_attempts_for_one_service()
    {
        Assert.Equal(
            OperationState.Succeeded,
            Of(ReconciliationData.SpaceBinding(), With("b", Condition.AivenUnavailable("b", Condition.AttemptsUntilSettled))).State
        );
    }

    [Fact]
    public void A_space_without_services_is_bound_at_once()
    {
        Assert.Equal(
            (OperationState.Succeeded, "The space has no Aiven service yet. Metrics of new services appear automatically."),
            Reported(Of(ReconciliationData.SpaceBinding()))
        );
    }

    [Fact]
    public void A_bind_of_a_space_waits_until_every_project_was_read()
    {
        var scope = ReconciliationData.SpaceBinding();
        var read = new CycleOutcome(new HashSet<BindingKey> { BindingKey.For(scope) }, []);
        var older = new CycleOutcome(new HashSet<BindingKey>(), []);
        Assert.Equal(OperationState.InProgress, Reported(BindingProgress.Evaluate(scope, [new(read), null], Accepted)).State);
        Assert.Equal(OperationState.InProgress, BindingProgress.Evaluate(scope, [new(read), new(older)], Accepted).State);
        Assert.Equal(OperationState.Succeeded, BindingProgress.Evaluate(scope, [new(read), new(read)], Accepted).State);
    }

    [Fact]
    public void A_binding_that_was_recreated_for_other_services_stays_in_progress()
    {
        var read = new CycleOutcome(
            new HashSet<BindingKey> { BindingKey.For(ReconciliationData.ServicesBinding("guid-a")) },
            [With("b", Condition.NotNeeded("b"))]
        );
        Assert.Equal(
            OperationState.InProgress,
            BindingProgress.Evaluate(ReconciliationData.ServicesBinding("guid-b"), [new(read)], Accepted).State
        );
    }

    [Fact]
    public void A_bind_of_named_services_does_not_wait_for_a_project_that_has_none_of_them()
    {
        var scope = ReconciliationData.ServicesBinding("guid-a");
        var read = new CycleOutcome(new HashSet<BindingKey> { BindingKey.For(scope) }, [With("a", Condition.Integrated("a"))]);
        Assert.Equal(
            (OperationState.Succeeded, "1 of 1 service delivers metrics."),
            Reported(BindingProgress.Evaluate(scope, [new(read), null], Accepted))
        );
    }

    [Fact]
    public void A_deleted_named_service_is_reported()
    {
        Assert.Equal(
            (OperationState.Succeeded, "1 of 2 services delivers metrics. One of the named services no longer exists."),
            Reported(Of(ReconciliationData.ServicesBinding("guid-a", "guid-z"), With("a", Condition.Integrated("a"))))
        );
    }

    [Fact]
    public void Services_of_others_do_not_count()
    {
        var foreign = With("f", Condition.AivenUnavailable("f", 1)) with { Owner = new OwningSpace("org-1", "space-2") };
        Assert.Equal(OperationState.Succeeded, Of(ReconciliationData.SpaceBinding(), With("a", Condition.Integrated("a")), foreign).State);
        Assert.Equal(
            OperationState.Succeeded,
            Of(
                ReconciliationData.ServicesBinding("guid-a"),
                With("a", Condition.Integrated("a")),
                With("b", Condition.AivenUnavailable("b", 1))
            ).State
        );
    }

    [Fact]
    public void A_long_list_of_reasons_is_truncated()
    {
        var services = Enumerable.Range(1, 9).Select(i => With($"s{i}", Condition.PoweredOff($"s{i}"))).ToArray();
        var description = Of(ReconciliationData.SpaceBinding(), services).Description;
        Assert.StartsWith("0 of 9 services deliver metrics. s1 is powered off", description, StringComparison.Ordinal);
        Assert.EndsWith("And 4 more.", description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, "No gateway has polled for credentials yet. Contact the operator.")]
    [InlineData(1, 0, "Waiting for the gateways to accept the credential (0 of 1 have).")]
    [InlineData(2, 1, "Waiting for the gateways to accept the credential (1 of 2 has).")]
    [InlineData(3, 2, "Waiting for the gateways to accept the credential (2 of 3 have).")]
    public void A_bind_waits_until_every_gateway_has_accepted_it(int seen, int accepted, string reported)
    {
        var progress = With(
            ReconciliationData.SpaceBinding(),
            [new(Read(ReconciliationData.SpaceBinding(), With("a", Condition.Integrated("a"))))],
            new(seen, accepted)
        );
        Assert.Equal((OperationState.InProgress, reported), Reported(progress));
    }

    [Fact]
    public void Named_services_of_which_some_can_deliver_are_bound_with_the_reasons_of_the_others()
    {
        Assert.Equal(
            (OperationState.Succeeded, "1 of 2 services delivers metrics. b is powered off. Its metrics return after it is powered on."),
            Reported(
                Of(
                    ReconciliationData.ServicesBinding("guid-a", "guid-b"),
                    With("a", Condition.Integrated("a")),
                    With("b", Condition.PoweredOff("b"))
                )
            )
        );
    }

    [Fact]
    public void A_bind_fails_when_none_of_the_named_services_can_deliver_but_never_for_a_space()
    {
        var off = With("b", Condition.PoweredOff("b"));
        Assert.Equal(
            (
                OperationState.Failed,
                "0 of 2 services deliver metrics. One of the named services no longer exists. b is powered off. Its metrics "
                    + "return after it is powered on."
            ),
            Reported(Of(ReconciliationData.ServicesBinding("guid-b", "guid-z"), off))
        );
        Assert.Equal(
            OperationState.Failed,
            With(
                ReconciliationData.ServicesBinding("guid-b"),
                [new(Read(ReconciliationData.ServicesBinding("guid-b"), off))],
                default
            ).State
        );
        Assert.Equal(OperationState.Succeeded, Of(ReconciliationData.SpaceBinding(), off).State);
    }

    [Fact]
    public void A_bind_waits_for_samples_only_if_configured_and_only_of_running_services()
    {
        var (opening, building) = (With("b", Condition.WaitingForMetrics("b")), With("c", Condition.Building("c")));
        var scope = ReconciliationData.SpaceBinding();
        BindingProgress Waits(params ServiceCondition[] services) =>
            BindingProgress.Evaluate(scope, [new(Read(scope, services))], Accepted, waitsForSamples: true);

        Assert.Equal(
            (
                OperationState.InProgress,
                "0 of 1 service delivers metrics. Waiting for Aiven to open the metrics port of b (about a minute)."
            ),
            Reported(Waits(opening))
        );
        Assert.Equal(OperationState.Succeeded, Waits(With("a", Condition.Integrated("a")), building).State);
        Assert.Equal(OperationState.Succeeded, Of(scope, opening).State);
    }

    [Fact]
    public void Recently_settled_services_are_decided_without_a_new_inventory()
    {
        var (scope, a) = (ReconciliationData.SpaceBinding("new"), With("a", Condition.Integrated("a")));
        var outcome = Read(ReconciliationData.SpaceBinding("old"), a);
        OperationState State(ProjectView view) => With(scope, [view], Accepted).State;

        Assert.Equal(OperationState.Succeeded, State(new(outcome, IsFresh: true)));
        Assert.Equal(OperationState.Succeeded, State(new(outcome, IsFresh: true, IsCycleRunning: true)));
        Assert.Equal(OperationState.InProgress, State(new(outcome)));
        var unneeded = Read(ReconciliationData.SpaceBinding("old"), a with { IsNeeded = false });
        Assert.Equal(OperationState.Succeeded, State(new(unneeded, IsFresh: true)));
        Assert.Equal(OperationState.InProgress, State(new(unneeded, IsFresh: true, IsCycleRunning: true)));
    }

    [Fact]
    public void An_older_inventory_that_is_unsettled_empty_or_incomplete_decides_nothing()
    {
        OperationState State(BindingScope scope, params ProjectView?[] views) => With(scope, views, Accepted).State;
        ProjectView Fresh(params ServiceCondition[] services) => new(Read(ReconciliationData.SpaceBinding("old"), services), IsFresh: true);
        var (space, named, a) = (
            ReconciliationData.SpaceBinding("new"),
            ReconciliationData.ServicesBinding("guid-a", "guid-b"),
            With("a", Condition.Integrated("a"))
        );

        Assert.Equal(OperationState.InProgress, State(space, Fresh()));
        Assert.Equal(OperationState.InProgress, State(space, Fresh(With("a", Condition.NotNeeded("a")))));
        Assert.Equal(OperationState.InProgress, State(space, Fresh(a), null));
        Assert.Equal(OperationState.InProgress, State(named, Fresh(a)));
        Assert.Equal(
            OperationState.InProgress,
            State(named, Fresh(With("a", Condition.PoweredOff("a")), With("b", Condition.PoweredOff("b"))))
        );
        Assert.Equal(OperationState.Succeeded, State(named, Fresh(a), Fresh(With("b", Condition.PoweredOff("b")))));
    }

    private static CycleOutcome Read(BindingScope scope, params ServiceCondition[] services) =>
        new(new HashSet<BindingKey> { BindingKey.For(scope) }, services);

    private static BindingProgress With(BindingScope scope, ProjectView?[] views, AcknowledgementCount gateways) =>
        BindingProgress.Evaluate(scope, views, gateways);

    private static ServiceCondition With(string name, Condition condition) =>
        new(ReconciliationData.Service(name), ReconciliationData.Owner, "guid-" + name, true, [], condition);

    private static BindingProgress Of(BindingScope scope, params ServiceCondition[] services) =>
        BindingProgress.Evaluate(scope, [new(new CycleOutcome(new HashSet<BindingKey> { BindingKey.For(scope) }, services))], Accepted);

    private static (OperationState State, string Description) Reported(BindingProgress progress) => (progress.State, progress.Description);
}
