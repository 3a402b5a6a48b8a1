using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.State;

/// <content>The services and integrations that Aiven reported.</content>
public abstract partial class StateContractTests<TFixture>
{
    [Fact]
    public async Task An_owner_sees_its_own_services_only()
    {
        await using var stores = await NewStoresAsync();
        await stores.Inventory.SaveInventoryAsync(
            Demo,
            StateData.Time,
            [
                StateData.Service("mine", StateData.Owner),
                StateData.Service("same-space-id-of-another-organization", StateData.Owner with { OrganizationId = "org-2" }),
                StateData.Service("same-organization-other-space", StateData.Owner with { SpaceId = "space-2" }),
                StateData.Service("untagged", null),
            ],
            None
        );

        var mine = Assert.Single(await stores.Inventory.ServicesOfOwnerAsync(StateData.Owner, None));
        Assert.Equal("mine", mine.ServiceName);
        Assert.Equal(StateData.Service("mine", StateData.Owner).ScrapeHosts, mine.ScrapeHosts);
        Assert.Equal(4, (await stores.Inventory.ServicesOfProjectAsync(Demo, None)).Count);
    }

    [Fact]
    public async Task A_new_inventory_replaces_the_whole_old_one_of_its_project_and_keeps_the_endpoint()
    {
        await using var stores = await NewStoresAsync();
        var project = new AivenProjectRecord(Demo, "CA", "endpoint", "user", new ProtectedSecret("Yw==", "k1"), null);
        await stores.Inventory.SaveProjectAsync(project, None);
        await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time, [StateData.Service("old", StateData.Owner)], None);
        await stores.Inventory.SaveInventoryAsync(
            new AivenProject("other"),
            StateData.Time,
            [StateData.Service("kept", StateData.Owner, "other")],
            None
        );

        await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time.AddMinutes(1), [StateData.Service("new", StateData.Owner)], None);

        Assert.Equal(
            ["new", "kept"],
            (await stores.Inventory.ServicesOfOwnerAsync(StateData.Owner, None)).Select(service => service.ServiceName)
        );
        Assert.Equal(project with { InventoryAt = StateData.Time.AddMinutes(1) }, await stores.Inventory.FindProjectAsync(Demo, None));
    }

    [Fact]
    public async Task An_inventory_that_cannot_be_written_completely_changes_nothing()
    {
        await using var stores = await NewStoresAsync();
        await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time, [StateData.Service("old", StateData.Owner)], None);

        await Assert.ThrowsAnyAsync<Exception>(() =>
            stores.Inventory.SaveInventoryAsync(
                Demo,
                StateData.Time.AddMinutes(1),
                [StateData.Service("twice", StateData.Owner), StateData.Service("twice", StateData.Owner)],
                None
            )
        );

        Assert.Equal("old", Assert.Single(await stores.Inventory.ServicesOfProjectAsync(Demo, None)).ServiceName);
        Assert.Equal(StateData.Time, await stores.Inventory.OldestInventoryTimeAsync([Demo], None));
    }

    [Fact]
    public async Task Readers_see_complete_inventories_while_one_is_written()
    {
        await using var stores = await NewStoresAsync();
        var services = Enumerable.Range(0, 30).Select(i => StateData.Service($"s{i}", StateData.Owner)).ToList();
        await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time, services, None);

        var writing = Task.Run(async () =>
        {
            for (var round = 0; round < 10; round++)
            {
                await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time.AddSeconds(round), services, None);
            }
        });
        do
        {
            Assert.Equal(30, (await stores.Inventory.ServicesOfOwnerAsync(StateData.Owner, None)).Count);
        } while (!writing.IsCompleted);
        await writing;
    }

    [Fact]
    public async Task The_oldest_inventory_is_unknown_until_every_project_has_one()
    {
        await using var stores = await NewStoresAsync();
        var other = new AivenProject("other");
        await stores.Inventory.SaveInventoryAsync(Demo, StateData.Time, [], None);
        await stores.Inventory.SaveProjectAsync(new AivenProjectRecord(other, null, null, null, null, null), None);

        Assert.Null(await stores.Inventory.OldestInventoryTimeAsync([Demo, other], None));
        await stores.Inventory.SaveInventoryAsync(other, StateData.Time.AddSeconds(-1), [], None);
        Assert.Equal(StateData.Time.AddSeconds(-1), await stores.Inventory.OldestInventoryTimeAsync([Demo, other], None));
    }

    [Fact]
    public async Task Integrations_and_reported_values_are_replaced_by_newer_ones()
    {
        await using var stores = await NewStoresAsync();
        var requested = new IntegrationRecord(Demo, "pg-1", null, true, StateData.Time, null, 0, StateData.Time);
        await stores.Integrations.SaveAsync(requested, None);
        var seen = requested with { IntegrationId = "id", UnneededSince = StateData.Time, Attempts = 3 };
        await stores.Integrations.SaveAsync(seen, None);
        await stores.ReportedValues.ReportAsync(ReportedValueStore.PrometheusVersion, "2.42.0", StateData.Time, None);
        await stores.ReportedValues.ReportAsync(ReportedValueStore.PrometheusVersion, "2.53.1", StateData.Time, None);

        Assert.Equal([seen], await stores.Integrations.OfProjectAsync(Demo, None));
        Assert.Equal("2.53.1", await stores.ReportedValues.FindAsync(ReportedValueStore.PrometheusVersion, None));
        await stores.Integrations.DeleteAsync(Demo, "pg-1", None);
        Assert.Empty(await stores.Integrations.OfProjectAsync(Demo, None));
        Assert.Null(await stores.ReportedValues.FindAsync("unheard of", None));
    }

    [Fact]
    public async Task The_newest_names_of_an_owner_are_returned()
    {
        await using var stores = await NewStoresAsync();
        await stores.Instances.TryInsertAsync(StateData.Instance("old") with { SpaceName = "Old Name" }, None);
        await stores.Instances.TryInsertAsync(
            StateData.Instance("new") with
            {
                SpaceName = "New Name",
                ContextAt = StateData.Time.AddDays(1),
            },
            None
        );
        await stores.Instances.TryInsertAsync(
            StateData.Instance("newest") with
            {
                OrganizationName = null,
                SpaceName = null,
                ContextAt = StateData.Time.AddDays(2),
            },
            None
        );

        Assert.Equal([new OwnerNames(StateData.Owner, "Org One", "New Name")], await stores.Instances.OwnerNamesAsync(None));
    }
}
