using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

public sealed class BindingProgressTests
{
    [Fact]
    public void A_bind_is_done_when_every_service_is_integrated_or_has_a_reason()
    {
        var hobby = Some.Service("prod-x", plan: "hobbyist");
        var progress = Of(Some.SpaceBinding(),
            With("a", Condition.Integrated("a")),
            With("b", Condition.WaitingForMetrics("b")),
            With("prod-x", Condition.Refused(hobby, new AivenError(403, null, "Service integrations are not available for this service"), 1)));
        Assert.Equal(
            new(true, "1 of 3 services delivers metrics, 1 more follows in about a minute. The plan of prod-x (hobbyist) has no integrations: choose a larger plan."),
            progress);
    }

    [Fact]
    public void A_bind_waits_for_a_service_that_Aiven_has_not_answered_about()
    {
        var progress = Of(Some.SpaceBinding(), With("a", Condition.Integrated("a")), With("b", Condition.AivenUnavailable("b", 1)));
        Assert.False(progress.Done);
        Assert.Equal("1 of 2 services ready. Aiven has not answered about b yet; it is being asked again.", progress.Description);
    }

    [Fact]
    public void A_bind_does_not_wait_for_ever_for_one_service()
    {
        Assert.True(Of(Some.SpaceBinding(), With("b", Condition.AivenUnavailable("b", Condition.PatientAttempts))).Done);
    }

    [Fact]
    public void A_space_without_services_is_bound_at_once()
    {
        Assert.Equal(new(true, "There is no Aiven service in this space yet; the metrics of those to come appear by themselves."), Of(Some.SpaceBinding()));
    }

    [Fact]
    public void A_bind_of_a_space_waits_until_every_project_was_read()
    {
        var scope = Some.SpaceBinding();
        var read = new ProjectOutcome(new HashSet<BindingKey> { BindingKey.Of(scope) }, []);
        var older = new ProjectOutcome(new HashSet<BindingKey>(), []);
        Assert.False(BindingProgress.Of(scope, [read, null]).Done);
        Assert.False(BindingProgress.Of(scope, [read, older]).Done);
        Assert.True(BindingProgress.Of(scope, [read, read]).Done);
    }

    [Fact]
    public void A_binding_that_was_made_anew_for_other_services_was_not_read_yet()
    {
        var read = new ProjectOutcome(new HashSet<BindingKey> { BindingKey.Of(Some.ServicesBinding("guid-a")) }, [With("b", Condition.NotNeeded("b"))]);
        Assert.False(BindingProgress.Of(Some.ServicesBinding("guid-b"), [read]).Done);
    }

    [Fact]
    public void A_bind_of_named_services_does_not_wait_for_a_project_that_has_none_of_them()
    {
        var scope = Some.ServicesBinding("guid-a");
        var read = new ProjectOutcome(new HashSet<BindingKey> { BindingKey.Of(scope) }, [With("a", Condition.Integrated("a"))]);
        Assert.Equal(new(true, "1 of 1 service delivers metrics."), BindingProgress.Of(scope, [read, null]));
    }

    [Fact]
    public void A_named_service_that_is_gone_is_told()
    {
        Assert.Equal(new(true, "1 of 2 services delivers metrics. One of the named services is gone."),
            Of(Some.ServicesBinding("guid-a", "guid-z"), With("a", Condition.Integrated("a"))));
    }

    [Fact]
    public void Services_of_others_do_not_count()
    {
        var foreign = With("f", Condition.AivenUnavailable("f", 1)) with { Owner = new SpaceOwner("org-1", "space-2") };
        Assert.True(Of(Some.SpaceBinding(), With("a", Condition.Integrated("a")), foreign).Done);
        Assert.True(Of(Some.ServicesBinding("guid-a"), With("a", Condition.Integrated("a")), With("b", Condition.AivenUnavailable("b", 1))).Done);
    }

    [Fact]
    public void A_long_list_of_reasons_is_cut()
    {
        var services = Enumerable.Range(1, 9).Select(i => With($"s{i}", Condition.PoweredOff($"s{i}"))).ToArray();
        var description = Of(Some.SpaceBinding(), services).Description;
        Assert.StartsWith("0 of 9 services deliver metrics. s1 is powered off", description, StringComparison.Ordinal);
        Assert.EndsWith("And 4 more.", description, StringComparison.Ordinal);
    }

    private static ServiceCondition With(string name, Condition condition) =>
        new(Some.Service(name), Some.Owner, "guid-" + name, true, [], condition);

    private static BindingProgress Of(BindingScope scope, params ServiceCondition[] services) =>
        BindingProgress.Of(scope, [new ProjectOutcome(new HashSet<BindingKey> { BindingKey.Of(scope) }, services)]);
}
