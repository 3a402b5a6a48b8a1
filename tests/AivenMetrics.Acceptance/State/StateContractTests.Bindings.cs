using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>Outcomes, ends and lifetimes of bindings, and the versions that gateways have accepted.</summary>
public abstract partial class StateContractTests<TFixture>
{
    [Fact]
    public async Task A_binding_with_a_predecessor_and_an_expiry_is_read_as_it_was_written()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        var life = new CredentialValidity(StateData.Time.AddDays(8), StateData.Time.AddDays(6));
        var written = StateData.Binding() with
        {
            PlanId = "older",
            PlanScope = PlanScope.Services,
            Predecessor = new BindingId("old"),
            Validity = life,
        };

        await stores.Bindings.TryInsertAsync(written, None);

        var read = await stores.Bindings.FindAsync(Instance, Binding, None);
        Assert.Equal(written with { ServiceInstanceIds = [] }, read! with { ServiceInstanceIds = written.ServiceInstanceIds });
        Assert.Equal(life.ExpiresAt, Assert.Single(await stores.Bindings.LiveCredentialsAsync(None)).NotAfter);
        Assert.Equal(PlanScope.Services, Assert.Single(await stores.Bindings.LiveScopesAsync(None)).PlanScope);
    }

    [Fact]
    public async Task Outcomes_of_many_binds_are_written_together_and_go_to_the_audit_trail_once()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        foreach (var id in (string[])["a", "b", "c"])
        {
            await stores.Bindings.TryInsertAsync(StateData.Binding(id: id), None);
        }
        var binds = (await stores.Bindings.PendingBindsAsync(None)).ToDictionary(bind => bind.Scope.BindingId.Value);
        BindOutcome[] outcomes =
        [
            new(binds["a"], OperationState.Succeeded, "Yes.", "{}"),
            new(binds["b"], OperationState.Failed, "No."),
            new(binds["c"], OperationState.InProgress, "Soon."),
            new(binds["a"] with { Operation = "another" }, OperationState.Failed, "Not this one."),
        ];

        Assert.Equal(outcomes[..3], await stores.Bindings.RecordOutcomesAsync(outcomes, StateData.Time, None));
        Assert.Equal([outcomes[2]], await stores.Bindings.RecordOutcomesAsync(outcomes, StateData.Time, None));

        var trail = await stores.Audit.FindByInstanceAsync(Instance, None);
        Assert.Equal(
            [("a", AuditResult.Succeeded, "Yes."), ("b", AuditResult.Failed, "No.")],
            trail.Select(entry => (entry.BindingId?.Value, entry.Result, entry.Description)).OrderBy(entry => entry.Value)
        );
        Assert.Equal("Soon.", (await stores.Bindings.FindAsync(Instance, new BindingId("c"), None))!.Description);
    }

    [Fact]
    public async Task The_outcome_of_a_bind_deleted_while_it_runs_stays_until_a_new_bind_or_for_a_week()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);
        Assert.Equal(OperationState.InProgress, await DeleteAsync(stores));
        Assert.Equal("unbound", await stores.Bindings.FindEndedDescriptionAsync(Instance, Binding, None));
        Assert.Null(await stores.Bindings.FindEndedDescriptionAsync(new InstanceId("instance-2"), Binding, None));

        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);
        Assert.Null(await stores.Bindings.FindEndedDescriptionAsync(Instance, Binding, None));
        await RecordAsync(stores, OperationState.Succeeded, "Yes.");
        Assert.Equal(OperationState.Succeeded, await DeleteAsync(stores));
        Assert.Null(await stores.Bindings.FindEndedDescriptionAsync(Instance, Binding, None));

        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);
        await DeleteAsync(stores);
        await stores.Bindings.TryInsertAsync(StateData.Binding(id: "later"), None);
        await DeleteAsync(stores, id: "later", at: StateData.Time.AddDays(8));
        Assert.Null(await stores.Bindings.FindEndedDescriptionAsync(Instance, Binding, None));
    }

    [Fact]
    public async Task The_clock_of_the_database_advances_in_microseconds()
    {
        await using var stores = await NewStoresAsync();

        var first = await stores.Gateways.NowAsync(None);
        var second = await stores.Gateways.NowAsync(None);

        Assert.True(second > first);
        var drift = DateTimeOffset.UnixEpoch.AddMicroseconds(first) - TimeProvider.System.GetUtcNow();
        Assert.InRange(drift.TotalSeconds, -60, 60);
    }

    [Fact]
    public async Task The_version_that_a_gateway_accepted_never_decreases_and_counts_while_the_gateway_polls()
    {
        await using var stores = await NewStoresAsync();
        Assert.Equal(default, GatewayStore.CountSince(await stores.Gateways.AcknowledgementTimesAsync(None), 0));

        await stores.Gateways.ReportAsync("gateway-1", null, true, None);
        Assert.Equal(new AcknowledgementCount(1, 0), GatewayStore.CountSince(await stores.Gateways.AcknowledgementTimesAsync(None), 0));
        await stores.Gateways.ReportAsync("gateway-1", 20, false, None);
        await stores.Gateways.ReportAsync("gateway-1", 10, false, None);
        await stores.Gateways.ReportAsync("gateway-1", null, false, None);
        await stores.Gateways.ReportAsync("gateway-2", 10, true, None);
        var accepted = await stores.Gateways.AcknowledgementTimesAsync(None);
        Assert.Equal(new AcknowledgementCount(2, 1), GatewayStore.CountSince(accepted, 10));
        Assert.True(GatewayStore.CountSince(accepted, 9).IsComplete);
        Assert.False(GatewayStore.CountSince([], 0).IsComplete);
    }

    private static Task<OperationState?> DeleteAsync(
        StateStores stores,
        string instance = "instance-1",
        string id = "binding-1",
        DateTimeOffset? at = null
    ) => stores.Bindings.DeleteAsync(new InstanceId(instance), new BindingId(id), "unbound", null, at ?? StateData.Time, None);

    private static async Task<bool> RecordAsync(
        StateStores stores,
        OperationState state,
        string description,
        string id = "binding-1",
        string? operation = null
    )
    {
        var scope = new BindingScope(Instance, new BindingId(id), PlanScope.Space, StateData.Owner, [], OperationState.InProgress);
        var outcome = new BindOutcome(new PendingBind(scope, operation ?? $"bind-{id}"), state, description);
        return (await stores.Bindings.RecordOutcomesAsync([outcome], StateData.Time, None)).Count == 1;
    }
}
