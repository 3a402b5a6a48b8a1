using System.Text.Json;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>The catalog as a strict platform reads it. Each test has its own broker.</summary>
public abstract class CatalogConformanceTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : CatalogConformanceTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : CatalogConformanceTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => broker.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Osb_25_the_offerings_name_is_fit_for_a_command_line() =>
        Assert.Matches("^[A-Za-z0-9.-]+$", (await OfferingAsync()).GetProperty("name").GetString());

    [Fact]
    public async Task Osb_27_the_offering_has_a_description_and_is_bindable()
    {
        var offering = await OfferingAsync();

        Assert.NotEmpty(offering.GetProperty("description").GetString()!);
        Assert.True(offering.GetProperty("bindable").GetBoolean());
    }

    [Fact]
    public async Task Osb_28_every_plan_has_an_id_a_name_and_a_description_of_its_own()
    {
        var plans = (await OfferingAsync()).GetProperty("plans").EnumerateArray().ToList();

        Assert.NotEmpty(plans);
        foreach (var name in (string[])["id", "name", "description"])
        {
            var values = plans.Select(plan => plan.GetProperty(name).GetString()).ToList();
            Assert.All(values, value => Assert.False(string.IsNullOrWhiteSpace(value)));
            Assert.Equal(values.Count, values.Distinct(StringComparer.Ordinal).Count());
        }
    }

    [Fact]
    public async Task Osb_30_the_offering_requires_nothing_of_the_platform_and_no_plan_is_less_bindable()
    {
        var offering = await OfferingAsync();

        Assert.True(!offering.TryGetProperty("requires", out var requires) || requires.GetArrayLength() == 0);
        Assert.All(offering.GetProperty("plans").EnumerateArray(), plan =>
            Assert.True(!plan.TryGetProperty("bindable", out var bindable) || bindable.GetBoolean())
        );
    }

    [Fact]
    public async Task Osb_34_names_and_descriptions_have_at_most_255_characters()
    {
        var offering = await OfferingAsync();
        JsonElement[] described = [offering, .. offering.GetProperty("plans").EnumerateArray()];

        foreach (var name in (string[])["id", "name", "description"])
        {
            Assert.All(described, element => Assert.InRange(element.GetProperty(name).GetString()!.Length, 1, 255));
        }
    }

    [Fact]
    public async Task Osb_36_an_instance_whose_plan_left_the_catalog_can_still_be_read_unbound_and_deleted()
    {
        var binding = await broker.BindingAsync();
        var instance = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];
        await broker.StopAsync();
        broker.Options.Catalog.SpacePlanId = "a-plan-that-took-its-place";
        await broker.StartAsync();

        Assert.Equal(BrokerHost.SpacePlan, (await broker.GetAsync(instance)).Json.GetProperty("plan_id").GetString());
        Assert.Equal(200, (await broker.GetAsync(binding)).Status);
        Assert.Equal(400, (await broker.PutAsync($"/v2/service_instances/{Guid.NewGuid()}", BrokerHost.Provision())).Status);
        Assert.Equal(200, (await broker.DeleteAsync(BrokerHost.WithPlan(binding))).Status);
        Assert.Equal(200, (await broker.DeleteAsync(BrokerHost.WithPlan(instance))).Status);
    }

    [Fact]
    public async Task Osb_46_every_plan_states_the_configured_maximum_polling_duration()
    {
        await broker.StopAsync();
        broker.Options.Catalog.MaximumPollingDuration = TimeSpan.FromMinutes(7);
        await broker.StartAsync();

        Assert.All((await OfferingAsync()).GetProperty("plans").EnumerateArray(), plan =>
            Assert.Equal(420, plan.GetProperty("maximum_polling_duration").GetInt32())
        );
    }

    private async Task<JsonElement> OfferingAsync() =>
        Assert.Single((await broker.GetAsync("/v2/catalog")).Json.GetProperty("services").EnumerateArray());
}
