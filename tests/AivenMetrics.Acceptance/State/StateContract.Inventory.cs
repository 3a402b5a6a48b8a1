using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <content>What Aiven showed, and what was made of it.</content>
public abstract partial class StateContract<TFixture>
{
    [Fact]
    public async Task An_owner_sees_its_own_services_only()
    {
        await using var stores = await NewStores();
        await stores.Inventory.SaveInventory(
            Demo,
            Some.Time,
            [
                Some.Service("mine", Some.Owner),
                Some.Service("same-space-id-of-another-organization", Some.Owner with { OrganizationId = "org-2" }),
                Some.Service("same-organization-other-space", Some.Owner with { SpaceId = "space-2" }),
                Some.Service("untagged", null),
            ],
            None);

        var mine = Assert.Single(await stores.Inventory.ServicesOf(Some.Owner, None));
        Assert.Equal("mine", mine.ServiceName);
        Assert.Equal(Some.Service("mine", Some.Owner).ScrapeHosts, mine.ScrapeHosts);
        Assert.Equal(4, (await stores.Inventory.Services(Demo, None)).Count);
    }

    [Fact]
    public async Task A_new_inventory_replaces_the_old_one_of_its_project_whole_and_keeps_the_endpoint()
    {
        await using var stores = await NewStores();
        var project = new ProjectRecord(Demo, "CA", "endpoint", "user", new ProtectedSecret("Yw==", "k1"), null);
        await stores.Inventory.SaveProject(project, None);
        await stores.Inventory.SaveInventory(Demo, Some.Time, [Some.Service("old", Some.Owner)], None);
        await stores.Inventory.SaveInventory(new AivenProject("other"), Some.Time, [Some.Service("kept", Some.Owner, "other")], None);

        await stores.Inventory.SaveInventory(Demo, Some.Time.AddMinutes(1), [Some.Service("new", Some.Owner)], None);

        Assert.Equal(["new", "kept"], (await stores.Inventory.ServicesOf(Some.Owner, None)).Select(service => service.ServiceName));
        Assert.Equal(project with { InventoryAt = Some.Time.AddMinutes(1) }, await stores.Inventory.FindProject(Demo, None));
    }

    [Fact]
    public async Task An_inventory_that_cannot_be_written_whole_changes_nothing()
    {
        await using var stores = await NewStores();
        await stores.Inventory.SaveInventory(Demo, Some.Time, [Some.Service("old", Some.Owner)], None);

        await Assert.ThrowsAnyAsync<Exception>(() => stores.Inventory.SaveInventory(
            Demo, Some.Time.AddMinutes(1), [Some.Service("twice", Some.Owner), Some.Service("twice", Some.Owner)], None));

        Assert.Equal("old", Assert.Single(await stores.Inventory.Services(Demo, None)).ServiceName);
        Assert.Equal(Some.Time, await stores.Inventory.OldestInventory([Demo], None));
    }

    [Fact]
    public async Task Readers_see_whole_inventories_while_one_is_written()
    {
        await using var stores = await NewStores();
        var services = Enumerable.Range(0, 30).Select(i => Some.Service($"s{i}", Some.Owner)).ToList();
        await stores.Inventory.SaveInventory(Demo, Some.Time, services, None);

        var writing = Task.Run(async () =>
        {
            for (var round = 0; round < 10; round++)
                await stores.Inventory.SaveInventory(Demo, Some.Time.AddSeconds(round), services, None);
        });
        do
        {
            Assert.Equal(30, (await stores.Inventory.ServicesOf(Some.Owner, None)).Count);
        }
        while (!writing.IsCompleted);
        await writing;
    }

    [Fact]
    public async Task The_oldest_inventory_is_unknown_until_every_project_has_one()
    {
        await using var stores = await NewStores();
        var other = new AivenProject("other");
        await stores.Inventory.SaveInventory(Demo, Some.Time, [], None);
        await stores.Inventory.SaveProject(new ProjectRecord(other, null, null, null, null, null), None);

        Assert.Null(await stores.Inventory.OldestInventory([Demo, other], None));
        await stores.Inventory.SaveInventory(other, Some.Time.AddSeconds(-1), [], None);
        Assert.Equal(Some.Time.AddSeconds(-1), await stores.Inventory.OldestInventory([Demo, other], None));
    }

    [Fact]
    public async Task Integrations_and_facts_are_replaced_by_what_is_newer()
    {
        await using var stores = await NewStores();
        var asked = new IntegrationRecord(Demo, "pg-1", null, true, Some.Time, null, 0, Some.Time);
        await stores.Integrations.Save(asked, None);
        var seen = asked with { IntegrationId = "id", UnneededSince = Some.Time, Attempts = 3 };
        await stores.Integrations.Save(seen, None);
        await stores.Facts.Report(FactStore.PrometheusVersion, "2.42.0", Some.Time, None);
        await stores.Facts.Report(FactStore.PrometheusVersion, "2.53.1", Some.Time, None);

        Assert.Equal([seen], await stores.Integrations.OfProject(Demo, None));
        Assert.Equal("2.53.1", await stores.Facts.Find(FactStore.PrometheusVersion, None));
        await stores.Integrations.Delete(Demo, "pg-1", None);
        Assert.Empty(await stores.Integrations.OfProject(Demo, None));
        Assert.Null(await stores.Facts.Find("unheard of", None));
    }

    [Fact]
    public async Task The_newest_names_of_an_owner_are_told()
    {
        await using var stores = await NewStores();
        await stores.Instances.TryInsert(Some.Instance("old") with { SpaceName = "Old Name" }, None);
        await stores.Instances.TryInsert(Some.Instance("new") with { SpaceName = "New Name", ContextAt = Some.Time.AddDays(1) }, None);
        await stores.Instances.TryInsert(
            Some.Instance("newest") with { OrganizationName = null, SpaceName = null, ContextAt = Some.Time.AddDays(2) }, None);

        Assert.Equal([new OwnerNames(Some.Owner, "Org One", "New Name")], await stores.Instances.OwnerNames(None));
    }
}
