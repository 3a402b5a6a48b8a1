using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Rules;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>The catalog as Cloud Controller validates it and as the specification words it (docs/osb-conformance.md 24 to 34).</summary>
public sealed class CatalogRulesTests
{
    private const string Good = """
        {"services":[{"id":"1","name":"a-b.c","description":"d","bindable":true,"tags":["t"],"requires":["syslog_drain"],
          "metadata":{"shareable":false},
          "plans":[{"id":"2","name":"p","description":"d","free":false,"maximum_polling_duration":60,
            "maintenance_info":{"version":"1.2.3-a+b","description":"x"},
            "schemas":{"service_binding":{"create":{"parameters":
              {"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}}}}}]}]}
        """;

    [Fact]
    public void A_valid_catalog_has_no_violations() => Assert.Empty(Faults(Good));

    [Theory]
    [InlineData("\"id\":\"1\"", "\"id\":\"\"", "25")]
    [InlineData("\"name\":\"a-b.c\"", "\"name\":\"a b\"", "25")]
    [InlineData("\"bindable\":true", "\"bindable\":\"yes\"", "26")]
    [InlineData("\"bindable\":true,", "", "26")]
    [InlineData("[\"t\"]", "null", "29")]
    [InlineData("[\"t\"]", "[1]", "29")]
    [InlineData("[\"syslog_drain\"]", "[\"beer\"]", "29")]
    [InlineData("{\"shareable\":false}", "[]", "29")]
    [InlineData("\"shareable\":false", "\"shareable\":\"no\"", "B5")]
    [InlineData("\"free\":false", "\"free\":\"no\"", "29")]
    [InlineData("\"description\":\"d\",\"free\"", "\"description\":\" \",\"free\"", "28")]
    [InlineData(":60", ":1.5", "29")]
    [InlineData("1.2.3-a+b", "1.2", "33")]
    [InlineData("\"description\":\"x\"", "\"other\":\"x\"", "B5")]
    [InlineData("\"$schema\":\"http://json-schema.org/draft-04/schema#\",", "", "32")]
    [InlineData("draft-04", "draft-07", "B5")]
    [InlineData("\"type\":\"object\"", "\"type\":\"thing\"", "B5")]
    [InlineData("\"type\":\"object\"", "\"$ref\":\"http://example.com/schema\"", "32")]
    public void A_violation_is_reported_with_its_requirement(string good, string bad, string requirement) =>
        Assert.Contains(requirement, Faults(Good.Replace(good, bad, StringComparison.Ordinal)));

    [Fact]
    public void Duplicate_ids_duplicate_names_and_empty_lists_are_reported()
    {
        var catalog = JsonNode.Parse(Good)!;
        var services = catalog["services"]!.AsArray();
        services.Add(services[0]!.DeepClone());

        Assert.Equal(["26", "25", "28"], Faults(catalog.ToJsonString()));
        Assert.Equal(["B5"], Faults("""{"services":[]}"""));
        Assert.Equal(["24"], Faults("{}"));
    }

    [Theory]
    [InlineData("""{"required":[]}""")]
    [InlineData("""{"required":true}""")]
    [InlineData("""{"minimum":1,"exclusiveMinimum":3}""")]
    [InlineData("""{"exclusiveMinimum":true}""")]
    [InlineData("""{"minLength":-1}""")]
    [InlineData("""{"enum":[]}""")]
    [InlineData("""{"items":[]}""")]
    [InlineData("""{"properties":{"a":1}}""")]
    [InlineData("""{"properties":{"a":{"anyOf":[]}}}""")]
    [InlineData("""{"additionalProperties":{"type":"text"}}""")]
    [InlineData("""{"multipleOf":0}""")]
    [InlineData("[]")]
    public void Schemas_that_violate_the_draft_04_metaschema_are_reported(string schema)
    {
        using var document = JsonDocument.Parse(schema);

        Assert.Single(JsonSchemaDraft04.Validate(document.RootElement));
    }

    [Fact]
    public void The_keywords_of_draft_04_are_accepted()
    {
        using var document = JsonDocument.Parse(
            """
            {"$schema":"http://json-schema.org/draft-04/schema#","id":"x","title":"t","type":["object","null"],"required":["a"],
             "minProperties":1,
             "properties":{"a":{"type":"integer","minimum":1,"exclusiveMinimum":true,"enum":[1,null]},
               "b":{"$ref":"#/definitions/c"},"$ref":{"type":"string"}},
             "patternProperties":{"^x":{"not":{"type":"array","items":[{"type":"string"}],"uniqueItems":true,"additionalItems":false}}},
             "definitions":{"c":{"oneOf":[{"pattern":"^a$"},{"format":"uri"}]}},
             "dependencies":{"a":["b"],"b":{"type":"object"}},"additionalProperties":false,"x-own":1}
            """
        );

        Assert.Empty(JsonSchemaDraft04.Validate(document.RootElement));
    }

    private static IEnumerable<string> Faults(string catalog)
    {
        using var document = JsonDocument.Parse(catalog);
        return [.. CatalogRules.Validate(document.RootElement).Select(fault => fault.Requirement.Id)];
    }
}
