using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using NJsonSchema;
using Xunit;

namespace AivenMetrics.Tests.Broker.Catalog;

/// <summary>The parameter schemas match the validation (docs/osb-conformance.md 32, 64, 84 and 96).</summary>
public sealed class PlanParametersTests
{
    // A fixed seed, so that failures can be reproduced.
    private const int Seed = 20261123;
    private const int Samples = 4000;

    [Theory]
    [InlineData("space", "provision")]
    [InlineData("space", "update")]
    [InlineData("space", "bind")]
    [InlineData("services", "provision")]
    [InlineData("services", "update")]
    [InlineData("services", "bind")]
    public async Task Osb_32_schema_and_enforcement_agree_on_thousands_of_random_parameters(string plan, string request)
    {
        var scope = plan == "space" ? PlanScope.Space : PlanScope.Services;
        var (text, enforce) = request switch
        {
            "provision" => (ParameterSchemas.Provision(scope), (Func<PlanScope, JsonElement?, PlanParameters>)PlanParameters.ForProvision),
            "update" => (ParameterSchemas.Update(scope), PlanParameters.ForUpdate),
            _ => (ParameterSchemas.Bind(scope), PlanParameters.ForBind),
        };
        var schema = await JsonSchema.FromJsonAsync(text.GetRawText());
        var random = new Random(Seed);
        var accepted = 0;
        for (var i = 0; i < Samples; i++)
        {
            var json = Parameters(random).ToJsonString();
            var valid = schema.Validate(json).Count == 0;
            var read = enforce(scope, JsonDocument.Parse(json).RootElement);

            Assert.True(valid == read.Error is null, $"the schema says {valid}, the enforcement {read.Error ?? "nothing"}, of {json}");
            accepted += valid ? 1 : 0;
        }

        Assert.InRange(accepted, Samples / 100, Samples * 99 / 100);
    }

    [Theory]
    [InlineData("""{"expires_in":"12h"}""", 12)]
    [InlineData("""{"expires_in":"90d"}""", 90 * 24)]
    [InlineData("""{"expires_in":"99999d"}""", 99999 * 24)]
    public void An_expiry_is_parsed_as_hours_or_days(string json, int hours) =>
        Assert.Equal(TimeSpan.FromHours(hours), PlanParameters.ForBind(PlanScope.Space, Json(json)).ExpiresIn);

    [Fact]
    public void Services_are_parsed_as_given_and_absent_ones_are_null()
    {
        Assert.Equal(["b", "a"], PlanParameters.ForBind(PlanScope.Services, Json("""{"services":["b","a"]}""")).Services);
        Assert.Equal([], PlanParameters.ForUpdate(PlanScope.Services, Json("""{"services":[]}""")).Services!);
        foreach (var nothing in (JsonElement?[])[null, Json("null"), Json("{}")])
        {
            Assert.Equal(new PlanParameters(null, null, null), PlanParameters.ForBind(PlanScope.Services, nothing));
        }
    }

    [Theory]
    [InlineData("services", """[]""", "The field parameters must be an object.")]
    [InlineData("space", """{"services":["a"]}""", "accepts only the parameter 'expires_in'; the request contains 'services'. Remove it.")]
    [InlineData(
        "services",
        """{"service":["a"],"x":1}""",
        "accepts only the parameters 'services' and 'expires_in'; the request contains 'service', 'x'. Remove them."
    )]
    [InlineData("services", """{"services":["a",1]}""", "'services[1]'")]
    [InlineData("services", """{"services":["a",""]}""", "must have 1 to 255 characters: 'services[1]' does not")]
    [InlineData("services", """{"services":["a","b","a"]}""", "names a service twice, 'services[0]' and 'services[2]'")]
    [InlineData("services", """{"services":[]}""", "'services' must name 1 to 50 services, but names 0")]
    [InlineData("services", """{"services":["a"],"expires_in":7}""", "'expires_in' must be hours or days")]
    [InlineData("space", """{"expires_in":"0h"}""", "'expires_in'")]
    [InlineData("space", """{"expires_in":"12h\n"}""", "'expires_in'")]
    [InlineData("space", """{"expires_in":"١h"}""", "'expires_in'")]
    public void Osb_96_an_error_names_the_field_and_the_remedy(string plan, string json, string sentence)
    {
        var fault = PlanParameters.ForBind(plan == "space" ? PlanScope.Space : PlanScope.Services, Json(json)).Error;

        Assert.Contains(sentence, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_length_of_a_name_is_counted_in_code_points_as_in_JSON_Schema()
    {
        // The schema library of the test above counts UTF-16 code units, so it is not used here.
        Assert.Null(PlanParameters.ForBind(PlanScope.Services, Named(255)).Error);
        Assert.NotNull(PlanParameters.ForBind(PlanScope.Services, Named(256)).Error);

        static JsonElement Named(int characters) => Json($$"""{"services":["{{string.Concat(Enumerable.Repeat("😀", characters))}}"]}""");
    }

    [Fact]
    public void Parameters_of_a_plan_without_parameters_are_rejected_with_the_reason() =>
        Assert.Equal(
            "Creating an instance of this plan accepts no parameters; the request contains 'x'. Remove it.",
            PlanParameters.ForProvision(PlanScope.Space, Json("""{"x":1}""")).Error
        );

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;

    private static JsonObject Parameters(Random random)
    {
        var parameters = new JsonObject();
        if (random.Next(2) == 0)
        {
            parameters["services"] = Mostly(random, 8) ? Services(random) : Anything(random);
        }
        if (random.Next(3) == 0)
        {
            parameters["expires_in"] = Mostly(random, 8) ? ExpiresIn(random) : Anything(random);
        }
        if (random.Next(10) == 0)
        {
            parameters[Pick(random, "Services", "service", "", "expires", "$schema")] = Anything(random);
        }
        return parameters;
    }

    private static JsonArray Services(Random random)
    {
        var count = Mostly(random, 6) ? random.Next(0, 4) : random.Next(48, 53);
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    Mostly(random, 20) ? $"service-{i}"
                    : Mostly(random, 2) ? Name(random)
                    : Anything(random)
                ),
        ];
    }

    private static JsonNode? Name(Random random) =>
        Pick(random, "", "service-0", "service-1", "ü", new string('n', 255), new string('n', 256), " ");

    private static JsonNode? ExpiresIn(Random random) =>
        Mostly(random, 2)
            ? $"{random.Next(0, 120_000)}{Pick(random, "h", "d")}"
            : Pick(
                random,
                "",
                "h",
                "d",
                "12",
                "12m",
                "012h",
                "-1h",
                "+1h",
                "1 h",
                " 1h",
                "1h ",
                "1.5h",
                "1H",
                "12hd",
                "9999999d",
                "1e3h",
                "x1h",
                "1h1d"
            );

    private static JsonNode? Anything(Random random) =>
        random.Next(7) switch
        {
            0 => null,
            1 => random.Next(),
            2 => true,
            3 => new JsonObject { ["services"] = new JsonArray("a") },
            4 => new JsonArray(1, "a"),
            5 => "12h",
            _ => 1.5,
        };

    private static bool Mostly(Random random, int times) => random.Next(times) > 0;

    private static string Pick(Random random, params string[] among) => among[random.Next(among.Length)];
}
