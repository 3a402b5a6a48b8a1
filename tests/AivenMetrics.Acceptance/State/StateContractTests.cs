using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

public sealed class SqliteStateTests(SqliteFixture fixture) : StateContractTests<SqliteFixture>(fixture);

public sealed class PostgresStateTests(PostgresFixture fixture) : StateContractTests<PostgresFixture>(fixture);

/// <summary>The contract of the stores, on every kind of database.</summary>
public abstract partial class StateContractTests<TFixture>(TFixture fixture) : IClassFixture<TFixture>
    where TFixture : class, IStateFixture
{
    private static readonly InstanceId Instance = new("instance-1");
    private static readonly BindingId Binding = new("binding-1");
    private static readonly AivenProject Demo = new("demo");
    private static readonly CancellationToken None = CancellationToken.None;

    private async Task<StateStores> NewStoresAsync() => await StateStores.OpenAsync(await fixture.NewDatabaseAsync());

    [Fact]
    public async Task Five_brokers_migrate_an_empty_database_at_once_and_apply_each_script_once()
    {
        var connectionString = await fixture.NewDatabaseAsync();
        var lines = new System.Collections.Concurrent.ConcurrentBag<string>();

        await Task.WhenAll(
            Enumerable
                .Range(0, 5)
                .Select(async _ =>
                {
                    await using var database = Database.Open(connectionString);
                    await database.MigrateAsync(new Lines(lines), None);
                    Assert.True(await database.IsMigratedAsync(None));
                })
        );

        Assert.Single(lines, line => line.StartsWith("Executing Database Server script '0001-state.sql'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_database_is_not_migrated()
    {
        await using var database = Database.Open(await fixture.NewDatabaseAsync());

        Assert.False(await database.IsMigratedAsync(None));
    }

    [Fact]
    public async Task Twenty_equal_inserts_of_an_instance_at_once_have_one_effect()
    {
        await using var stores = await NewStoresAsync();

        var inserted = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Task.Run(() => stores.Instances.TryInsertAsync(StateData.Instance(), None)))
        );

        Assert.Single(inserted, true);
        Assert.Equal(StateData.Instance(), await stores.Instances.FindAsync(Instance, None));
    }

    [Fact]
    public async Task Twenty_equal_inserts_of_a_binding_at_once_have_one_effect_with_all_of_its_services()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(scope: PlanScope.Services), None);
        var candidates = Enumerable.Range(0, 20).Select(_ => StateData.Binding(services: ["a", "b"])).ToList();

        var results = await Task.WhenAll(candidates.Select(candidate => Task.Run(() => stores.Bindings.TryInsertAsync(candidate, None))));

        var winner = candidates[Array.IndexOf(results, InsertBindingResult.Inserted)];
        Assert.Equal(19, results.Count(result => result == InsertBindingResult.AlreadyExists));
        var kept = await stores.Bindings.FindAsync(Instance, Binding, None);
        Assert.Equal(winner.Username, kept?.Username);
        Assert.Equal(["a", "b"], kept!.ServiceInstanceIds);
    }

    [Fact]
    public async Task A_binding_is_read_as_it_was_written()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        var written = StateData.Binding();

        await stores.Bindings.TryInsertAsync(written, None);

        var read = await stores.Bindings.FindAsync(Instance, Binding, None);
        Assert.Equal(written with { ServiceInstanceIds = [] }, read! with { ServiceInstanceIds = written.ServiceInstanceIds });
        Assert.Empty(read.ServiceInstanceIds);
    }

    [Fact]
    public async Task A_binding_of_a_missing_instance_is_rejected()
    {
        await using var stores = await NewStoresAsync();

        Assert.Equal(InsertBindingResult.InstanceNotFound, await stores.Bindings.TryInsertAsync(StateData.Binding(services: "a"), None));
        Assert.Empty(await stores.Bindings.PendingBindsAsync(None));
    }

    [Fact]
    public async Task A_binding_is_reachable_only_through_its_own_instance()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Instances.TryInsertAsync(StateData.Instance("instance-2"), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);

        Assert.Null(await stores.Bindings.FindAsync(new InstanceId("instance-2"), Binding, None));
        Assert.Null(await DeleteAsync(stores, "instance-2"));
        Assert.Equal(InsertBindingResult.Inserted, await stores.Bindings.TryInsertAsync(StateData.Binding("instance-2"), None));
    }

    [Fact]
    public async Task An_instance_with_a_live_binding_stays_until_the_binding_is_deleted()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(services: "a"), None);

        Assert.Equal(DeleteInstanceResult.HasBindings, await stores.Instances.DeleteAsync(Instance, None));
        Assert.NotNull(await stores.Bindings.FindAsync(Instance, Binding, None));

        Assert.Equal(OperationState.InProgress, await DeleteAsync(stores));
        Assert.Null(await DeleteAsync(stores));
        Assert.Equal(DeleteInstanceResult.Deleted, await stores.Instances.DeleteAsync(Instance, None));
        Assert.Equal(DeleteInstanceResult.NotFound, await stores.Instances.DeleteAsync(Instance, None));
    }

    [Fact]
    public async Task A_failed_bind_that_the_platform_never_deleted_does_not_keep_the_instance()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(services: "a"), None);
        await RecordAsync(stores, OperationState.Failed, "Gone.");

        Assert.Equal(DeleteInstanceResult.Deleted, await stores.Instances.DeleteAsync(Instance, None));
        Assert.Null(await stores.Bindings.FindAsync(Instance, Binding, None));
    }

    [Fact]
    public async Task Binds_and_a_deprovision_at_once_leave_no_binding_without_its_instance()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);

        var binds = Enumerable
            .Range(0, 10)
            .Select(i => Task.Run(() => stores.Bindings.TryInsertAsync(StateData.Binding(id: $"b{i}"), None)));
        var deprovision = Task.Run(() => stores.Instances.DeleteAsync(Instance, None));
        var results = await Task.WhenAll(binds);

        if (await deprovision == DeleteInstanceResult.Deleted)
        {
            Assert.All(results, result => Assert.Equal(InsertBindingResult.InstanceNotFound, result));
        }
        else
        {
            Assert.Contains(InsertBindingResult.Inserted, results);
        }
    }

    [Fact]
    public async Task A_deleted_binding_leaves_no_services_so_that_its_id_can_be_used_again()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(scope: PlanScope.Services), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(services: ["a", "b"]), None);

        await DeleteAsync(stores);
        await stores.Bindings.TryInsertAsync(StateData.Binding(services: "c"), None);

        var scope = Assert.Single(await stores.Bindings.LiveScopesAsync(None));
        Assert.Equal(["c"], scope.ServiceInstanceIds);
    }

    [Fact]
    public async Task Stored_rows_are_read_after_a_restart()
    {
        var connectionString = await fixture.NewDatabaseAsync();
        await using (var before = await StateStores.OpenAsync(connectionString))
        {
            await before.Instances.TryInsertAsync(StateData.Instance(), None);
            await before.Bindings.TryInsertAsync(StateData.Binding(services: "a"), None);
        }

        await using var after = await StateStores.OpenAsync(connectionString);

        Assert.Equal(StateData.Instance(), await after.Instances.FindAsync(Instance, None));
        Assert.Equal(OperationState.InProgress, (await after.Bindings.FindAsync(Instance, Binding, None))?.OperationState);
        Assert.Single(await after.Bindings.PendingBindsAsync(None));
    }

    [Fact]
    public async Task An_outcome_is_recorded_only_while_the_operation_runs_and_only_for_that_operation()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);

        Assert.False(await RecordAsync(stores, OperationState.Failed, "No.", operation: "another"));
        Assert.True(await RecordAsync(stores, OperationState.Succeeded, "Yes."));
        Assert.False(await RecordAsync(stores, OperationState.Failed, "Too late."));

        var kept = await stores.Bindings.FindAsync(Instance, Binding, None);
        Assert.Equal((OperationState.Succeeded, "Yes."), (kept!.OperationState, kept.Description));
        Assert.Empty(await stores.Bindings.PendingBindsAsync(None));
        Assert.False(await stores.Bindings.DeleteIfInProgressAsync(StateData.Binding(), null, None));
    }

    [Fact]
    public async Task Of_an_outcome_and_an_abandonment_at_once_exactly_one_is_recorded()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        for (var round = 0; round < 10; round++)
        {
            await stores.Bindings.TryInsertAsync(StateData.Binding(), None);
            var outcome = Task.Run(() => RecordAsync(stores, OperationState.Succeeded, "Yes."));
            var abandoned = Task.Run(() => stores.Bindings.DeleteIfInProgressAsync(StateData.Binding(), null, None));

            Assert.NotEqual(await outcome, await abandoned);
            await DeleteAsync(stores);
        }
    }

    [Fact]
    public async Task The_first_snapshot_is_stored_and_returned_to_all()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(), None);
        Assert.Null(await stores.Bindings.SaveSnapshotAsync(Instance, Binding, "too early", None));
        await RecordAsync(stores, OperationState.Succeeded, "Yes.");

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(i => Task.Run(() => stores.Bindings.SaveSnapshotAsync(Instance, Binding, $"snapshot {i}", None)))
        );

        Assert.Single(answers.Distinct());
        Assert.Equal(answers[0], (await stores.Bindings.FindAsync(Instance, Binding, None))?.Snapshot);
    }

    [Fact]
    public async Task Failed_binds_have_neither_scope_nor_credential()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(id: "failed"), None);
        await stores.Bindings.TryInsertAsync(StateData.Binding(id: "running", services: ["b", "a"]), None);
        await RecordAsync(stores, OperationState.Failed, "No.", "failed");

        var scope = Assert.Single(await stores.Bindings.LiveScopesAsync(None));
        Assert.Equal(
            (new BindingId("running"), StateData.Owner, OperationState.InProgress),
            (scope.BindingId, scope.Owner, scope.OperationState)
        );
        Assert.Equal(["a", "b"], scope.ServiceInstanceIds);
        Assert.Equal(["a", "b"], Assert.Single(await stores.Bindings.LiveCredentialsAsync(None)).ServiceInstanceIds);
    }

    [Fact]
    public async Task One_broker_at_a_time_holds_the_reconciler_lock()
    {
        var connectionString = await fixture.NewDatabaseAsync();
        await using var first = await StateStores.OpenAsync(connectionString);
        await using var second = await StateStores.OpenAsync(connectionString);

        await using var lease = await first.ReconcilerLock.TryAcquireAsync(None);
        Assert.True(await lease!.IsHeldAsync(None));
        Assert.Null(await second.ReconcilerLock.TryAcquireAsync(None));
        Assert.Null(await first.ReconcilerLock.TryAcquireAsync(None));

        await lease.DisposeAsync();
        await using var next = await second.ReconcilerLock.TryAcquireAsync(None);
        Assert.NotNull(next);
    }

    private sealed class Lines(System.Collections.Concurrent.ConcurrentBag<string> lines) : IProgress<string>
    {
        public void Report(string value) => lines.Add(value);
    }
}
