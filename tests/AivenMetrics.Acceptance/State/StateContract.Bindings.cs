using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>Outcomes, ends and lives of bindings, and what gateways have accepted.</summary>
public abstract partial class StateContract<TFixture>
{
    [Fact]
    public async Task A_binding_that_replaces_another_and_ends_comes_back_as_it_was_written()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance(), None);
        var life = new CredentialLife(Some.Time.AddDays(8), Some.Time.AddDays(6));
        var written = Some.Binding() with { PlanId = "older", PlanScope = PlanScope.Services, Predecessor = new BindingId("old"), Life = life };

        await stores.Bindings.TryInsert(written, None);

        var read = await stores.Bindings.Find(Instance, Binding, None);
        Assert.Equal(written with { ServiceInstanceIds = [] }, read! with { ServiceInstanceIds = written.ServiceInstanceIds });
        Assert.Equal(life.ExpiresAt, Assert.Single(await stores.Bindings.Credentials(None)).NotAfter);
        Assert.Equal(PlanScope.Services, Assert.Single(await stores.Bindings.Scopes(None)).PlanScope);
    }

    [Fact]
    public async Task Outcomes_of_many_binds_are_written_together_and_go_to_the_audit_trail_once()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance(), None);
        foreach (var id in (string[])["a", "b", "c"])
            await stores.Bindings.TryInsert(Some.Binding(id: id), None);
        var binds = (await stores.Bindings.Waiting(None)).ToDictionary(bind => bind.Scope.BindingId.Value);
        BindOutcome[] outcomes =
        [
            new(binds["a"], OperationState.Succeeded, "Yes.", "{}"),
            new(binds["b"], OperationState.Failed, "No."),
            new(binds["c"], OperationState.InProgress, "Soon."),
            new(binds["a"] with { Operation = "another" }, OperationState.Failed, "Not this one."),
        ];

        Assert.Equal(outcomes[..3], await stores.Bindings.Record(outcomes, Some.Time, None));
        Assert.Equal([outcomes[2]], await stores.Bindings.Record(outcomes, Some.Time, None));

        var trail = await stores.Audit.Of(Instance, None);
        Assert.Equal(
            [("a", AuditResult.Succeeded, "Yes."), ("b", AuditResult.Failed, "No.")],
            trail.Select(entry => (entry.BindingId?.Value, entry.Result, entry.Description)).OrderBy(entry => entry.Value));
        Assert.Equal("Soon.", (await stores.Bindings.Find(Instance, new BindingId("c"), None))!.Description);
    }

    [Fact]
    public async Task A_bind_that_is_deleted_while_it_runs_leaves_its_end_until_it_is_bound_anew_or_a_week_is_over()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance(), None);
        await stores.Bindings.TryInsert(Some.Binding(), None);
        Assert.Equal(OperationState.InProgress, await Delete(stores));
        Assert.Equal("unbound", await stores.Bindings.FindEnded(Instance, Binding, None));
        Assert.Null(await stores.Bindings.FindEnded(new InstanceId("instance-2"), Binding, None));

        await stores.Bindings.TryInsert(Some.Binding(), None);
        Assert.Null(await stores.Bindings.FindEnded(Instance, Binding, None));
        await Record(stores, OperationState.Succeeded, "Yes.");
        Assert.Equal(OperationState.Succeeded, await Delete(stores));
        Assert.Null(await stores.Bindings.FindEnded(Instance, Binding, None));

        await stores.Bindings.TryInsert(Some.Binding(), None);
        await Delete(stores);
        await stores.Bindings.TryInsert(Some.Binding(id: "later"), None);
        await Delete(stores, id: "later", at: Some.Time.AddDays(8));
        Assert.Null(await stores.Bindings.FindEnded(Instance, Binding, None));
    }

    [Fact]
    public async Task The_clock_of_the_database_goes_on_in_microseconds()
    {
        await using var stores = await NewStores();

        var first = await stores.Gateways.Now(None);
        var second = await stores.Gateways.Now(None);

        Assert.True(second > first);
        var drift = DateTimeOffset.UnixEpoch.AddMicroseconds(first) - TimeProvider.System.GetUtcNow();
        Assert.InRange(drift.TotalSeconds, -60, 60);
    }

    [Fact]
    public async Task What_a_gateway_has_accepted_never_goes_back_and_counts_while_it_is_there()
    {
        await using var stores = await NewStores();
        Assert.Equal(default, GatewayStore.Since(await stores.Gateways.AcceptedAt(None), 0));

        await stores.Gateways.Report("gateway-1", null, true, None);
        Assert.Equal(new GatewayAcceptance(1, 0), GatewayStore.Since(await stores.Gateways.AcceptedAt(None), 0));
        await stores.Gateways.Report("gateway-1", 20, false, None);
        await stores.Gateways.Report("gateway-1", 10, false, None);
        await stores.Gateways.Report("gateway-1", null, false, None);
        await stores.Gateways.Report("gateway-2", 10, true, None);
        var accepted = await stores.Gateways.AcceptedAt(None);
        Assert.Equal(new GatewayAcceptance(2, 1), GatewayStore.Since(accepted, 10));
        Assert.True(GatewayStore.Since(accepted, 9).ByAll);
        Assert.False(GatewayStore.Since([], 0).ByAll);
    }

    private static Task<OperationState?> Delete(Stores stores, string instance = "instance-1", string id = "binding-1", DateTimeOffset? at = null) =>
        stores.Bindings.Delete(new InstanceId(instance), new BindingId(id), "unbound", null, at ?? Some.Time, None);

    private static async Task<bool> Record(
        Stores stores, OperationState state, string description, string id = "binding-1", string? operation = null)
    {
        var scope = new BindingScope(Instance, new BindingId(id), PlanScope.Space, Some.Owner, [], OperationState.InProgress);
        var outcome = new BindOutcome(new WaitingBind(scope, operation ?? $"bind-{id}"), state, description);
        return (await stores.Bindings.Record([outcome], Some.Time, None)).Count == 1;
    }
}
