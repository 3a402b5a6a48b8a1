using System.Text.Json.Nodes;
using System.Xml.Linq;
using AivenMetrics.Tests.Broker.Osb;
using Xunit;
using YamlDotNet.Serialization;

namespace AivenMetrics.Tests.Broker.Api;

/// <summary>Every part of openapi.yaml has a description, and its examples are valid.</summary>
public abstract class OpenApiCompletenessTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : OpenApiCompletenessTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : OpenApiCompletenessTests(broker), IClassFixture<PostgresBroker>;

    private static readonly OpenApiYaml Yaml = OpenApiYaml.Committed;

    [Fact]
    public void Every_operation_parameter_answer_and_header_is_described()
    {
        Assert.Equal(12, Yaml.Operations.Values.Count(operation => !OpenApiYaml.IsOfGateway(operation)));
        Assert.All(Yaml.Operations, operation =>
        {
            Assert.NotEmpty($"{operation.Value["summary"]}");
            Assert.NotEmpty($"{operation.Value["description"]}");
            Assert.All(OpenApiYaml.List(operation.Value.GetValueOrDefault("parameters")), parameter => Described(parameter, operation.Key));
            Assert.All(OpenApiYaml.Map(operation.Value["responses"]), answer =>
            {
                Described(Yaml.Resolve(answer.Value), operation.Key);
                Assert.All(OpenApiYaml.Map(OpenApiYaml.Map(answer.Value).GetValueOrDefault("headers")), header =>
                    Described(header.Value, operation.Key)
                );
            });
        });
    }

    [Fact]
    public void Every_schema_and_member_is_described() => Assert.All(Yaml.Schemas, schema =>
        {
            Described(schema.Value, schema.Key);
            Assert.All(
                OpenApiYaml
                    .Map(schema.Value.GetValueOrDefault("properties"))
                    .Values.Where(member => !OpenApiYaml.Map(member).ContainsKey("$ref")),
                member => Described(member, schema.Key)
            );
        });

    [Fact]
    public void Descriptions_come_from_the_documentation_comments_of_the_records()
    {
        string[] assemblies = ["AivenMetrics.Broker", "AivenMetrics.Feed"];
        var comments = assemblies
            .SelectMany(name => XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{name}.xml")).Descendants())
            .Where(element => element.Name.LocalName is "summary" or "param")
            .Select(element => string.Join(' ', element.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))
            .ToHashSet(StringComparer.Ordinal);
        // The schemas of the gateway are described by its table of routes.
        var descriptions = Yaml
            .Schemas.Where(schema => !schema.Key.StartsWith("Query", StringComparison.Ordinal))
            .SelectMany(schema => OpenApiYaml.Map(schema.Value.GetValueOrDefault("properties")).Values.Append(schema.Value))
            .Where(node => !OpenApiYaml.Map(node).ContainsKey("$ref"))
            .Select(node => $"{OpenApiYaml.Map(node)["description"]}")
            .ToList();

        Assert.True(descriptions.Count > 140, $"{descriptions.Count} descriptions");
        Assert.Empty(descriptions.Except(comments));
    }

    [Fact]
    public void Every_body_has_an_example_with_the_members_of_its_schema()
    {
        var bodies = Yaml
            .Operations.SelectMany(operation =>
                OpenApiYaml
                    .Map(operation.Value["responses"])
                    .Values.Append(operation.Value.GetValueOrDefault("requestBody"))
                    .Select(body => (operation.Key, Media: OpenApiYaml.At(OpenApiYaml.Map(body), "content", "application/json")))
            )
            .Where(body => body.Media is not null)
            // The writer omits the example of an empty object.
            .Where(body => OpenApiYaml.At(OpenApiYaml.Map(body.Media), "schema", "$ref") is not "#/components/schemas/EmptyResponse")
            .ToList();

        Assert.True(bodies.Count > 80, $"{bodies.Count} bodies");
        Assert.All(bodies, body => Fits(OpenApiYaml.Map(body.Media)["example"], OpenApiYaml.Map(body.Media)["schema"], body.Key));
    }

    [Fact]
    public async Task The_examples_of_requests_are_accepted_by_the_broker()
    {
        // The space of the examples has no service; the fake reconciler accepts the binding nevertheless.
        var instance = $"/v2/service_instances/{Guid.NewGuid()}";
        Assert.Equal(201, (await broker.PutAsync(instance, Example("PUT /v2/service_instances/{instance_id}"))).Status);
        Assert.Equal(
            200,
            (await broker.SendAsync(HttpMethod.Patch, instance, Example("PATCH /v2/service_instances/{instance_id}"))).Status
        );
        var bound = await broker.PutAsync(
            $"{instance}/service_bindings/b-1",
            Example("PUT /v2/service_instances/{instance_id}/service_bindings/{binding_id}")
        );
        Assert.Equal(201, bound.Status);
    }

    [Fact]
    public void Osb_8_every_answer_of_the_platforms_api_can_echo_the_request_identity_and_401_asks_for_credentials()
    {
        foreach (var operation in Yaml.Operations.Where(operation => operation.Key.Contains(" /v2/", StringComparison.Ordinal)))
        {
            var answers = OpenApiYaml.Map(operation.Value["responses"]);
            Assert.All(answers.Values, answer =>
                Assert.NotNull(OpenApiYaml.At(OpenApiYaml.Map(answer), "headers", "X-Broker-API-Request-Identity"))
            );
            Assert.NotNull(OpenApiYaml.At(answers, "401", "headers", "WWW-Authenticate"));
            Assert.NotNull(OpenApiYaml.At(answers, "503", "headers", "Retry-After"));
        }
    }

    private static void Described(object? node, string where) =>
        Assert.True(OpenApiYaml.Map(node).GetValueOrDefault("description") is string { Length: > 0 }, where);

    /// <summary>Every member of the example is in the schema, and every required member of the schema is in the example.</summary>
    private static void Fits(object? example, object? schema, string where)
    {
        var own = Yaml.Resolve(schema);
        if (OpenApiYaml.Map(own.GetValueOrDefault("properties")) is { Count: > 0 } properties)
        {
            var given = OpenApiYaml.Map(example);
            Assert.Equal([], given.Keys.Except(properties.Keys).Select(name => $"{where}: {name} is no member"));
            Assert.Equal(
                [],
                OpenApiYaml.List(own.GetValueOrDefault("required")).Except(given.Keys).Select(name => $"{where}: {name} is missing")
            );
            foreach (var (name, value) in given)
            {
                Fits(value, properties[name], where);
            }
        }
        else if (own.GetValueOrDefault("type") is "array")
        {
            foreach (var item in OpenApiYaml.List(example))
            {
                Fits(item, own["items"], where);
            }
        }
    }

    private static JsonNode Example(string operation)
    {
        var example = OpenApiYaml.At(Yaml.Operations[operation], "requestBody", "content", "application/json", "example");
        return JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(example))!;
    }
}
