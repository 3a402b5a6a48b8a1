using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <summary>Changes of instances and the audit trail.</summary>
public abstract partial class StateContract<TFixture>
{
    private static AuditRecord Entry(string description, DateTimeOffset? at = null) => new(
        at ?? Some.Time, "Update", Instance, null, new Actor("broker", "cloudfoundry", """{"user_id":"ann"}""", "r-1"), AuditResult.Succeeded, description);

    [Fact]
    public async Task An_instance_comes_back_as_it_was_written_and_as_it_was_changed()
    {
        await using var stores = await NewStores();
        var written = Some.Instance() with { Platform = "kubernetes", Annotations = """{"a":{}}""", MaintenanceVersion = "1.0.0", ContextAt = Some.Time.AddDays(1) };
        var changed = written with
        {
            PlanId = "other",
            PlanScope = PlanScope.Services,
            Owner = new SpaceOwner("o", "o/s"),
            OrganizationName = null,
            SpaceName = "s",
            InstanceName = "n",
            Parameters = """{"services":["a"]}""",
            Annotations = "{}",
            MaintenanceVersion = null,
            ContextAt = Some.Time.AddDays(2),
        };

        await stores.Instances.TryInsert(written, None);
        Assert.Equal(written, await stores.Instances.Find(Instance, None));

        Assert.Equal(changed, await stores.Instances.Update(Instance, _ => changed, null, None));
        Assert.Equal(changed, await stores.Instances.Find(Instance, None));
        Assert.Null(await stores.Instances.Update(new InstanceId("unknown"), _ => changed, null, None));
    }

    [Fact]
    public async Task Changes_of_an_instance_at_once_are_made_one_after_the_other_and_none_is_lost()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance() with { InstanceName = "" }, None);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => stores.Instances.Update(
            Instance, current => current with { InstanceName = current.InstanceName + "x" }, (_, after) => Entry(after.InstanceName!), None))));

        Assert.Equal(new string('x', 20), (await stores.Instances.Find(Instance, None))!.InstanceName);
        Assert.Equal(
            Enumerable.Range(1, 20),
            (await new AuditStore(stores.Database).Of(Instance, None)).Select(entry => entry.Description.Length).Order());
    }

    [Fact]
    public async Task A_change_that_throws_undoes_all_and_keeps_no_entry()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance(), None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => stores.Instances.Update(
            Instance, current => current with { PlanId = "x" }, (_, _) => throw new InvalidOperationException("no"), None));

        Assert.Equal(Some.Instance(), await stores.Instances.Find(Instance, None));
        Assert.Empty(await new AuditStore(stores.Database).Of(Instance, None));
    }

    [Fact]
    public async Task Binds_and_changes_of_an_instance_at_once_all_succeed_and_a_delete_is_kept_with_its_entry()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance(), None);

        var all = Enumerable.Range(0, 10).SelectMany(i => new[]
        {
            Task.Run(() => (Task)stores.Instances.Update(Instance, current => current with { PlanId = $"p{i}" }, null, None)),
            Task.Run(() => (Task)stores.Bindings.TryInsert(Some.Binding(id: $"b{i}"), None)),
        });
        await Task.WhenAll(all);

        Assert.Equal(DeleteInstanceResult.HasBindings, await stores.Instances.Delete(Instance, Entry("no"), None));
        foreach (var i in Enumerable.Range(0, 10))
            Assert.NotNull(await stores.Bindings.Delete(Instance, new BindingId($"b{i}"), "unbound", null, Some.Time, None));
        Assert.Equal(DeleteInstanceResult.Deleted, await stores.Instances.Delete(Instance, Entry("yes"), None));
        Assert.Equal(DeleteInstanceResult.NotFound, await stores.Instances.Delete(Instance, Entry("no"), None));
        Assert.Equal(["yes"], (await new AuditStore(stores.Database).Of(Instance, None)).Select(entry => entry.Description));
    }

    [Fact]
    public async Task Names_that_are_told_are_followed_and_what_is_known_is_not_written_again()
    {
        await using var stores = await NewStores();
        var instance = Some.Instance();
        await stores.Instances.TryInsert(instance, None);
        var known = new ToldContext("cloudfoundry", "Org One", "Space One", null, null);

        Assert.Same(instance, await stores.Instances.TellNames(instance, known, Some.Time.AddDays(1), None));

        var told = await stores.Instances.TellNames(
            instance, known with { SpaceName = "New", Annotations = """{"b":{"x":1},"a":{}}""" }, Some.Time.AddDays(2), None);
        Assert.Equal(
            instance with { SpaceName = "New", Annotations = """{"a":{},"b":{"x":1}}""", ContextAt = Some.Time.AddDays(2) }, told);
        Assert.Equal(told, await stores.Instances.Find(Instance, None));
        Assert.Same(told, await stores.Instances.TellNames(told, known with { SpaceName = "New", Annotations = """{"b":{"x":1}}""" }, Some.Time.AddDays(3), None));
        Assert.Equal([new OwnerNames(Some.Owner, "Org One", "New")], await stores.Instances.OwnerNames(None));
    }

    [Fact]
    public async Task The_audit_trail_is_queried_and_forgotten_by_age()
    {
        await using var stores = await NewStores();
        var audit = new AuditStore(stores.Database);
        foreach (var day in Enumerable.Range(0, 5))
            await audit.Append(Entry($"{day}", Some.Time.AddDays(day)), None);

        var newest = await audit.Find(new AuditQuery(Instance, null, Some.Time.AddDays(1), 3), None);
        Assert.Equal(["2", "3", "4"], newest.Select(entry => entry.Description));
        Assert.Equal(Entry("4", Some.Time.AddDays(4)), newest[^1]);
        Assert.Equal(2, await audit.Prune(Some.Time.AddDays(3), 2, None));
        Assert.Equal(1, await audit.Prune(Some.Time.AddDays(3), 2, None));
        Assert.Equal(["3", "4"], (await audit.Find(new AuditQuery(null, null, null, 9), None)).Select(entry => entry.Description));
        Assert.Equal(0, await audit.PruneEndedBindings(Some.Time, 2, None));
    }
}
