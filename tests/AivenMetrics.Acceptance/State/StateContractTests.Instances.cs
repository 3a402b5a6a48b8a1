using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>Changes of instances and the audit trail.</summary>
public abstract partial class StateContractTests<TFixture>
{
    private static AuditRecord Entry(string description, DateTimeOffset? at = null) =>
        new(
            at ?? StateData.Time,
            "Update",
            Instance,
            null,
            new Actor("broker", "cloudfoundry", """{"user_id":"ann"}""", "r-1"),
            AuditResult.Succeeded,
            description
        );

    [Fact]
    public async Task An_instance_is_read_as_it_was_written_and_changed()
    {
        await using var stores = await NewStoresAsync();
        var written = StateData.Instance() with
        {
            Platform = "kubernetes",
            Annotations = """{"a":{}}""",
            MaintenanceVersion = "1.0.0",
            ContextAt = StateData.Time.AddDays(1),
        };
        var changed = written with
        {
            PlanId = "other",
            PlanScope = PlanScope.Services,
            Owner = new OwningSpace("o", "o/s"),
            OrganizationName = null,
            SpaceName = "s",
            InstanceName = "n",
            Parameters = """{"services":["a"]}""",
            Annotations = "{}",
            MaintenanceVersion = null,
            ContextAt = StateData.Time.AddDays(2),
        };

        await stores.Instances.TryInsertAsync(written, None);
        Assert.Equal(written, await stores.Instances.FindAsync(Instance, None));

        Assert.Equal(changed, await stores.Instances.UpdateAsync(Instance, _ => changed, null, None));
        Assert.Equal(changed, await stores.Instances.FindAsync(Instance, None));
        Assert.Null(await stores.Instances.UpdateAsync(new InstanceId("unknown"), _ => changed, null, None));
    }

    [Fact]
    public async Task Concurrent_changes_of_an_instance_are_serialized_and_none_is_lost()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance() with { InstanceName = "" }, None);

        await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(_ =>
                    Task.Run(() =>
                        stores.Instances.UpdateAsync(
                            Instance,
                            current => current with { InstanceName = current.InstanceName + "x" },
                            (_, after) => Entry(after.InstanceName!),
                            None
                        )
                    )
                )
        );

        Assert.Equal(new string('x', 20), (await stores.Instances.FindAsync(Instance, None))!.InstanceName);
        Assert.Equal(
            Enumerable.Range(1, 20),
            (await new AuditStore(stores.Database).FindByInstanceAsync(Instance, None)).Select(entry => entry.Description.Length).Order()
        );
    }

    [Fact]
    public async Task A_change_that_throws_is_rolled_back_with_its_audit_entry()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);

        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            stores.Instances.UpdateAsync(
                Instance,
                current => current with { PlanId = "x" },
                (_, _) => throw new InvalidOperationException("no"),
                None
            )
        );

        Assert.Equal(StateData.Instance(), await stores.Instances.FindAsync(Instance, None));
        Assert.Empty(await new AuditStore(stores.Database).FindByInstanceAsync(Instance, None));
    }

    [Fact]
    public async Task Binds_and_changes_of_an_instance_at_once_all_succeed_and_a_delete_is_stored_with_its_entry()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance(), None);

        var all = Enumerable
            .Range(0, 10)
            .SelectMany(i =>
                new[]
                {
                    Task.Run(() => (Task)stores.Instances.UpdateAsync(Instance, current => current with { PlanId = $"p{i}" }, null, None)),
                    Task.Run(() => (Task)stores.Bindings.TryInsertAsync(StateData.Binding(id: $"b{i}"), None)),
                }
            );
        await Task.WhenAll(all);

        Assert.Equal(DeleteInstanceResult.HasBindings, await stores.Instances.DeleteAsync(Instance, Entry("no"), None));
        foreach (var i in Enumerable.Range(0, 10))
        {
            Assert.NotNull(await stores.Bindings.DeleteAsync(Instance, new BindingId($"b{i}"), "unbound", null, StateData.Time, None));
        }
        Assert.Equal(DeleteInstanceResult.Deleted, await stores.Instances.DeleteAsync(Instance, Entry("yes"), None));
        Assert.Equal(DeleteInstanceResult.NotFound, await stores.Instances.DeleteAsync(Instance, Entry("no"), None));
        Assert.Equal(
            ["yes"],
            (await new AuditStore(stores.Database).FindByInstanceAsync(Instance, None)).Select(entry => entry.Description)
        );
    }

    [Fact]
    public async Task New_names_are_stored_and_unchanged_ones_are_not_written_again()
    {
        await using var stores = await NewStoresAsync();
        var instance = StateData.Instance();
        await stores.Instances.TryInsertAsync(instance, None);
        var known = new ContextUpdate("cloudfoundry", "Org One", "Space One", null, null);

        Assert.Same(instance, await stores.Instances.ApplyContextAsync(instance, known, StateData.Time.AddDays(1), None));

        var reported = await stores.Instances.ApplyContextAsync(
            instance,
            known with
            {
                SpaceName = "New",
                Annotations = """{"b":{"x":1},"a":{}}""",
            },
            StateData.Time.AddDays(2),
            None
        );
        Assert.Equal(
            instance with
            {
                SpaceName = "New",
                Annotations = """{"a":{},"b":{"x":1}}""",
                ContextAt = StateData.Time.AddDays(2),
            },
            reported
        );
        Assert.Equal(reported, await stores.Instances.FindAsync(Instance, None));
        Assert.Same(
            reported,
            await stores.Instances.ApplyContextAsync(
                reported,
                known with
                {
                    SpaceName = "New",
                    Annotations = """{"b":{"x":1}}""",
                },
                StateData.Time.AddDays(3),
                None
            )
        );
        Assert.Equal([new OwnerNames(StateData.Owner, "Org One", "New")], await stores.Instances.OwnerNamesAsync(None));
    }

    [Fact]
    public async Task The_audit_trail_is_queried_and_deleted_by_age()
    {
        await using var stores = await NewStoresAsync();
        var audit = new AuditStore(stores.Database);
        foreach (var day in Enumerable.Range(0, 5))
        {
            await audit.AppendAsync(Entry($"{day}", StateData.Time.AddDays(day)), None);
        }

        var newest = await audit.FindAsync(new AuditQuery(Instance, null, StateData.Time.AddDays(1), 3), None);
        Assert.Equal(["2", "3", "4"], newest.Select(entry => entry.Description));
        Assert.Equal(Entry("4", StateData.Time.AddDays(4)), newest[^1]);
        Assert.Equal(2, await audit.DeleteEntriesBeforeAsync(StateData.Time.AddDays(3), 2, None));
        Assert.Equal(1, await audit.DeleteEntriesBeforeAsync(StateData.Time.AddDays(3), 2, None));
        Assert.Equal(["3", "4"], (await audit.FindAsync(new AuditQuery(null, null, null, 9), None)).Select(entry => entry.Description));
        Assert.Equal(0, await audit.DeleteEndedBindingsBeforeAsync(StateData.Time, 2, None));
    }
}
