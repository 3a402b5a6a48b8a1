using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Testing;
using AivenMetrics.Tests.Broker.Osb;
using Xunit;

namespace AivenMetrics.Tests.Broker.Catalog;

/// <summary>GET /v2/catalog (OSB API v2.17, "Catalog Management").</summary>
public abstract class CatalogTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : CatalogTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : CatalogTests(broker), IClassFixture<PostgresBroker>;

    [Fact]
    public async Task Osb_24_the_catalog_has_one_offering_with_two_plans()
    {
        var answer = await broker.GetAsync("/v2/catalog");

        Assert.Equal(200, answer.Status);
        var offering = Assert.Single(answer.Json.GetProperty("services").EnumerateArray());
        Assert.Equal("metrics", offering.GetProperty("name").GetString());
        Assert.Equal(
            ["space", "services"],
            offering.GetProperty("plans").EnumerateArray().Select(plan => plan.GetProperty("name").GetString())
        );
    }

    [Fact]
    public async Task Osb_26_ids_are_guids_unique_and_the_same_in_every_release()
    {
        var offering = (await broker.GetAsync("/v2/catalog")).Json.GetProperty("services")[0];
        string?[] ids = [Id(offering), .. offering.GetProperty("plans").EnumerateArray().Select(Id)];

        Assert.Equal([BrokerHost.OfferingId, BrokerHost.SpacePlan, BrokerHost.ServicesPlan], ids);
        Assert.All(ids, id => Assert.True(Guid.TryParse(id, out _)));
        Assert.Equal(3, ids.Distinct().Count());

        static string? Id(JsonElement element) => element.GetProperty("id").GetString();
    }

    [Fact]
    public async Task Osb_29_flags_are_booleans_that_say_what_the_broker_does_and_nothing_is_null()
    {
        var answer = await broker.GetAsync("/v2/catalog");
        var offering = answer.Json.GetProperty("services")[0];

        Assert.True(offering.GetProperty("bindable").GetBoolean());
        Assert.True(offering.GetProperty("instances_retrievable").GetBoolean());
        Assert.True(offering.GetProperty("bindings_retrievable").GetBoolean());
        Assert.True(offering.GetProperty("plan_updateable").GetBoolean());
        Assert.True(offering.GetProperty("allow_context_updates").GetBoolean());
        Assert.All(offering.GetProperty("plans").EnumerateArray(), plan =>
        {
            Assert.True(plan.GetProperty("free").GetBoolean());
            Assert.True(plan.GetProperty("binding_rotatable").GetBoolean());
            Assert.Equal(3600, plan.GetProperty("maximum_polling_duration").GetInt32());
        });
        Assert.DoesNotContain("null", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_32_every_schema_is_draft_04_small_and_refers_to_nothing_outside()
    {
        var answer = await broker.GetAsync("/v2/catalog");
        var schemas = answer
            .Json.GetProperty("services")[0]
            .GetProperty("plans")
            .EnumerateArray()
            .Select(plan => plan.GetProperty("schemas"))
            .SelectMany(kinds =>
                (JsonElement[])
                    [
                        kinds.GetProperty("service_instance").GetProperty("create"),
                        kinds.GetProperty("service_instance").GetProperty("update"),
                        kinds.GetProperty("service_binding").GetProperty("create"),
                    ]
            )
            .Select(kind => kind.GetProperty("parameters"))
            .ToList();

        Assert.Equal(6, schemas.Count);
        Assert.All(schemas, schema =>
        {
            Assert.Equal("http://json-schema.org/draft-04/schema#", schema.GetProperty("$schema").GetString());
            Assert.InRange(schema.GetRawText().Length, 1, 65_536);
            Assert.DoesNotContain("$ref", schema.GetRawText(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task Osb_38_metadata_use_the_profiles_names()
    {
        var offering = (await broker.GetAsync("/v2/catalog")).Json.GetProperty("services")[0];

        Assert.False(offering.GetProperty("metadata").GetProperty("shareable").GetBoolean());
        Assert.NotEmpty(offering.GetProperty("metadata").GetProperty("displayName").GetString()!);
        Assert.NotEmpty(offering.GetProperty("metadata").GetProperty("longDescription").GetString()!);
    }

    [Fact]
    public void Osb_33_a_plan_has_maintenance_info_when_its_version_is_configured()
    {
        var options = new CatalogOptions
        {
            SpacePlanMaintenanceVersion = "1.2.3-rc.1+build.5",
            SpacePlanMaintenanceDescription = "Renews it.",
        };

        var catalog = new ServiceCatalog(options, TimeProvider.System);

        Assert.Equal(
            [new MaintenanceInfo("1.2.3-rc.1+build.5", "Renews it."), null],
            catalog.Response.Services[0].Plans.Select(plan => plan.MaintenanceInfo)
        );
        Assert.Contains(
            "\"maintenance_info\":{\"version\":",
            System.Text.Encoding.UTF8.GetString(catalog.Body.Span),
            StringComparison.Ordinal
        );
        Assert.Empty(options.Validate());
    }

    [Theory]
    [InlineData("1")]
    [InlineData("1.2")]
    [InlineData("01.2.3")]
    [InlineData("1.2.3-")]
    [InlineData("1.2.3-01")]
    [InlineData("1.2.3+")]
    [InlineData("v1.2.3")]
    [InlineData("1.2.3\n")]
    public void Osb_33_a_maintenance_version_that_is_not_semantic_is_an_error(string version)
    {
        var fault = Assert.Single(new CatalogOptions { ServicesPlanMaintenanceVersion = version }.Validate());

        Assert.StartsWith("Broker:Catalog:ServicesPlanMaintenanceVersion", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void A_price_makes_a_plan_paid_and_is_in_the_metadata()
    {
        var options = new CatalogOptions
        {
            ServicesPlanCosts =
            {
                new CostOptions
                {
                    Currency = "eur",
                    Amount = 9.5,
                    Unit = "MONTHLY",
                },
            },
        };

        var plans = new ServiceCatalog(options, TimeProvider.System).Response.Services[0].Plans;

        Assert.Equal([true, false], plans.Select(plan => plan.Free));
        Assert.Equal(9.5, Assert.Single(plans[1].Metadata.Costs!).Amount["eur"]);
    }
}
