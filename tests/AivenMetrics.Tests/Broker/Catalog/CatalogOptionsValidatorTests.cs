using AivenMetrics.Broker.Catalog;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Catalog;

/// <summary>Catalog options that Cloud Controller would reject at registration are rejected at start.</summary>
public sealed class CatalogOptionsValidatorTests
{
    public static TheoryData<string, Action<CatalogOptions>, string> InvalidOptions =>
        new()
        {
            { "an empty name", o => o.OfferingName = " ", "Broker:Catalog:OfferingName" },
            { "a name with a space", o => o.OfferingName = "with space", "Broker:Catalog:OfferingName" },
            { "an underscore", o => o.SpacePlanName = "my_plan", "Broker:Catalog:SpacePlanName" },
            { "a long name", o => o.ServicesPlanName = new string('n', 256), "Broker:Catalog:ServicesPlanName" },
            { "no id", o => o.SpacePlanId = "", "Broker:Catalog:SpacePlanId" },
            { "no description", o => o.ServicesPlanDescription = "", "Broker:Catalog:ServicesPlanDescription" },
            { "two lines", o => o.OfferingDescription = "one\ntwo", "Broker:Catalog:OfferingDescription" },
            {
                "equal plan ids",
                o => o.SpacePlanId = o.ServicesPlanId,
                "Broker:Catalog:SpacePlanId and Broker:Catalog:ServicesPlanId are equal"
            },
            {
                "the offering's id",
                o => o.SpacePlanId = o.OfferingId,
                "Broker:Catalog:OfferingId and Broker:Catalog:SpacePlanId are equal"
            },
            {
                "equal plan names",
                o => o.SpacePlanName = o.ServicesPlanName,
                "Broker:Catalog:SpacePlanName and Broker:Catalog:ServicesPlanName are equal"
            },
            { "a path for a URL", o => o.DocumentationUrl = "/docs", "Broker:Catalog:DocumentationUrl" },
            { "another scheme", o => o.SupportUrl = "mailto:help@example.com", "Broker:Catalog:SupportUrl" },
            { "a file", o => o.ImageUrl = "file:///etc/passwd", "Broker:Catalog:ImageUrl" },
            { "a page for an image", o => o.ImageUrl = "data:text/html,x", "Broker:Catalog:ImageUrl" },
            { "an empty tag", o => o.Tags.Add(""), "Broker:Catalog:Tags:0" },
            { "many tags", o => Many(o.Tags, 20), "Broker:Catalog:Tags have more than 2048 characters" },
            { "an empty bullet", o => o.ServicesPlanBullets.Add(" "), "Broker:Catalog:ServicesPlanBullets:0" },
            { "no unit", o => o.SpacePlanCosts.Add(new() { Currency = "eur", Amount = 1 }), "Broker:Catalog:SpacePlanCosts:0" },
            {
                "a negative price",
                o =>
                    o.SpacePlanCosts.Add(
                        new()
                        {
                            Currency = "eur",
                            Amount = -1,
                            Unit = "MONTHLY",
                        }
                    ),
                "Broker:Catalog:SpacePlanCosts:0"
            },
            {
                "no number",
                o =>
                    o.SpacePlanCosts.Add(
                        new()
                        {
                            Currency = "eur",
                            Amount = double.NaN,
                            Unit = "MONTHLY",
                        }
                    ),
                "Broker:Catalog:SpacePlanCosts:0"
            },
            { "free with a price", FreeWithPrice, "Broker:Catalog:ServicesPlanFree" },
            { "no polling", o => o.MaximumPollingDuration = TimeSpan.FromMilliseconds(999), "Broker:Catalog:MaximumPollingDuration" },
            { "polling for ever", o => o.MaximumPollingDuration = TimeSpan.FromDays(8), "Broker:Catalog:MaximumPollingDuration" },
        };

    [Theory]
    [MemberData(nameof(InvalidOptions))]
    public void Osb_25_to_29_values_that_cloud_controller_rejects_are_errors_that_name_their_key(
        string what,
        Action<CatalogOptions> change,
        string sentence
    )
    {
        var options = new CatalogOptions();
        change(options);

        var fault = Assert.Single(options.Validate());

        Assert.True(fault.StartsWith(sentence, StringComparison.Ordinal), $"{what}: {fault}");
    }

    [Fact]
    public void The_defaults_are_valid_and_all_errors_are_reported_together()
    {
        Assert.Empty(new CatalogOptions().Validate());
        var faults = new CatalogOptions
        {
            OfferingName = "with space",
            SpacePlanId = "same",
            ServicesPlanId = "same",
            SpacePlanName = "",
        }.Validate();
        Assert.Equal(3, faults.Count);
    }

    [Fact]
    public void Everything_that_the_marketplace_shows_is_configurable()
    {
        var options = new CatalogOptions
        {
            DisplayName = "Shown name",
            LongDescription = "First line.\nSecond line.",
            ProviderDisplayName = "Provider",
            DocumentationUrl = "https://docs.example.com/",
            SupportUrl = "https://help.example.com/",
            ImageUrl = "data:image/png;base64,AAAA",
            SpacePlanDisplayName = "Shown plan",
            SpacePlanFree = false,
            Tags = { "one", "two" },
            SpacePlanBullets = { "First bullet" },
        };
        Assert.Empty(options.Validate());

        var offering = Assert.Single(new ServiceCatalog(options, TimeProvider.System).Response.Services);

        Assert.Equal(["one", "two"], offering.Tags);
        Assert.Equal(
            new OfferingMetadata(
                "Shown name",
                "First line.\nSecond line.",
                "Provider",
                "https://docs.example.com/",
                "https://help.example.com/",
                "data:image/png;base64,AAAA",
                false
            ),
            offering.Metadata
        );
        Assert.Equal(("Shown plan", false), (offering.Plans[0].Metadata.DisplayName, offering.Plans[0].Free));
        Assert.Equal(["First bullet"], offering.Plans[0].Metadata.Bullets);
        Assert.Equal(("services", true), (offering.Plans[1].Metadata.DisplayName, offering.Plans[1].Free));
    }

    private static void FreeWithPrice(CatalogOptions options)
    {
        options.ServicesPlanCosts.Add(
            new CostOptions
            {
                Currency = "eur",
                Amount = 1,
                Unit = "MONTHLY",
            }
        );
        options.ServicesPlanFree = true;
    }

    private static void Many(IList<string> tags, int count)
    {
        for (var i = 0; i < count; i++)
        {
            tags.Add(new string('t', 200));
        }
    }
}
