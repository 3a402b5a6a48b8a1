using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>PUT /v2/service_instances/:i (OSB API v2.17, "Provisioning").</summary>
public abstract class ProvisionTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : ProvisionTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : ProvisionTests(broker), IClassFixture<PostgresBroker>;

    private static string NewPath => $"/v2/service_instances/{Guid.NewGuid()}";

    private static JsonObject WithServices(params string[] services)
    {
        var body = BrokerHost.Provision(BrokerHost.ServicesPlan);
        body["parameters"] = new JsonObject { ["services"] = new JsonArray([.. services.Select(service => JsonValue.Create(service))]) };
        return body;
    }

    [Fact]
    public async Task Osb_57_a_new_instance_is_201_with_an_object()
    {
        var answer = await broker.PutAsync(NewPath, BrokerHost.Provision());

        Assert.Equal((201, JsonValueKind.Object), (answer.Status, answer.Json.ValueKind));
        Assert.DoesNotContain("null", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_59_an_equal_replay_is_200_and_names_and_originating_user_do_not_count()
    {
        var path = NewPath;
        await broker.PutAsync(path, BrokerHost.Provision());
        var replay = BrokerHost.Provision();
        replay["context"]!["space_name"] = "Renamed";

        Assert.Equal(200, (await broker.PutAsync(path, BrokerHost.Provision())).Status);
        Assert.Equal(200, (await broker.PutAsync(path + "?accepts_incomplete=true", replay)).Status);
    }

    [Fact]
    public async Task Osb_59_the_answer_to_a_replay_has_the_body_of_the_first()
    {
        var path = NewPath;

        var first = await broker.PutAsync(path, BrokerHost.Provision());
        var second = await broker.PutAsync(path, BrokerHost.Provision());

        Assert.Equal((201, 200, first.Text), (first.Status, second.Status, second.Text));
    }

    [Theory]
    [InlineData("plan_id", BrokerHost.ServicesPlan)]
    [InlineData("organization_guid", "org-2")]
    [InlineData("space_guid", "space-2")]
    public async Task Osb_60_a_replay_with_another_attribute_is_409_and_changes_nothing(string field, string value)
    {
        var path = NewPath;
        await broker.PutAsync(path, BrokerHost.Provision());
        var other = BrokerHost.Provision();
        other[field] = value;

        var answer = await broker.PutAsync(path, other);

        Assert.Equal(409, answer.Status);
        Assert.NotEmpty(answer.Description!);
        Assert.Equal(200, (await broker.PutAsync(path, BrokerHost.Provision())).Status);
    }

    [Fact]
    public async Task Osb_60_a_replay_with_other_parameters_is_409()
    {
        var path = NewPath;
        Assert.Equal(201, (await broker.PutAsync(path, WithServices("pg-1"))).Status);

        Assert.Equal(409, (await broker.PutAsync(path, WithServices("kafka-1"))).Status);
        Assert.Equal(409, (await broker.PutAsync(path, BrokerHost.Provision(BrokerHost.ServicesPlan))).Status);
        Assert.Equal(200, (await broker.PutAsync(path, WithServices("pg-1"))).Status);
    }

    [Theory]
    [InlineData("service_id")]
    [InlineData("plan_id")]
    [InlineData("organization_guid")]
    [InlineData("space_guid")]
    public async Task Osb_61_a_missing_empty_or_wrongly_typed_required_field_is_400_and_named(string field)
    {
        foreach (var wrong in new JsonNode?[] { null, "", 42, true, new JsonObject(), new JsonArray("a") })
        {
            var path = NewPath;
            var body = BrokerHost.Provision();
            body[field] = wrong;
            if (wrong is null)
            {
                body.Remove(field);
            }

            var answer = await broker.PutAsync(path, body);

            Assert.Equal(400, answer.Status);
            Assert.Contains(field, answer.Description, StringComparison.Ordinal);
            Assert.Equal(404, (await broker.GetAsync(path)).Status);
        }
    }

    [Theory]
    [InlineData("service_id")]
    [InlineData("plan_id")]
    public async Task Osb_62_an_unknown_offering_or_plan_is_400(string field)
    {
        var body = BrokerHost.Provision();
        body[field] = "unknown";

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_63_context_and_parameters_are_optional()
    {
        var body = BrokerHost.Provision();
        body.Remove("context");
        body["parameters"] = new JsonObject();

        Assert.Equal(201, (await broker.PutAsync(NewPath, body)).Status);
    }

    [Theory]
    [InlineData("context")]
    [InlineData("parameters")]
    [InlineData("maintenance_info")]
    public async Task Osb_63_an_object_of_another_type_is_400_and_named(string field)
    {
        var body = BrokerHost.Provision();
        body[field] = "text";

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BrokerHost.SpacePlan)]
    [InlineData(BrokerHost.ServicesPlan)]
    public async Task Osb_64_the_error_of_an_unknown_parameter_has_its_name_but_not_its_value(string plan)
    {
        var body = BrokerHost.Provision(plan);
        body["parameters"] = new JsonObject { ["pasword"] = "hunter2-secret" };

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("'pasword'", answer.Description, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2-secret", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(broker.Log, line => line.Contains("hunter2-secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Osb_64_services_that_a_plan_accepts_are_stored_and_fetched()
    {
        var path = NewPath;

        Assert.Equal(201, (await broker.PutAsync(path, WithServices("pg-1", "guid-of-kafka-1"))).Status);

        Assert.Equal(
            """{"services":["pg-1","guid-of-kafka-1"]}""",
            (await broker.GetAsync(path)).Json.GetProperty("parameters").GetRawText()
        );
    }

    [Theory]
    [InlineData("others-pg")]
    [InlineData("same-space-other-organization")]
    [InlineData("unheard-of")]
    public async Task Osb_64_a_service_that_is_not_the_owners_is_400_and_named(string service)
    {
        var path = NewPath;

        var answer = await broker.PutAsync(path, WithServices("pg-1", service));

        Assert.Equal(400, answer.Status);
        Assert.Contains($"'{service}'", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("""{"services":[]}""")]
    [InlineData("""{"services":"pg-1"}""")]
    [InlineData("""{"services":[1]}""")]
    [InlineData("""{"services":null}""")]
    [InlineData("""{"services":["pg-1","pg-1"]}""")]
    [InlineData("""{"services":["pg-1"],"more":1}""")]
    public async Task Osb_64_parameters_that_are_not_the_plans_are_400(string parameters)
    {
        var body = BrokerHost.Provision(BrokerHost.ServicesPlan);
        body["parameters"] = JsonNode.Parse(parameters);

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("'services", answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_64_the_plan_space_takes_no_services()
    {
        var body = WithServices("pg-1");
        body["plan_id"] = BrokerHost.SpacePlan;

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("'services'", answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_65_a_maintenance_version_that_the_catalog_does_not_have_is_a_conflict()
    {
        var body = BrokerHost.Provision();
        body["maintenance_info"] = new JsonObject { ["version"] = "1.0.0" };

        var answer = await broker.PutAsync(NewPath, body);

        Assert.Equal((422, "MaintenanceInfoConflict"), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task Osb_11_unknown_fields_are_ignored_at_every_level()
    {
        var body = BrokerHost.Provision();
        body["x-vendor"] = new JsonObject { ["a"] = 1 };
        body["context"]!["organization_annotations"] = new JsonObject { ["prefix/key"] = "value" };
        body["maintenance_info"] = new JsonObject { ["description"] = "ignored" };

        Assert.Equal(201, (await broker.PutAsync(NewPath, body)).Status);
    }

    [Fact]
    public async Task Osb_69_twenty_equal_requests_at_once_have_one_effect()
    {
        var path = NewPath;

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.PutAsync(path, BrokerHost.Provision())));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(19, answers.Count(answer => answer.Status == 200));
    }

    [Fact]
    public async Task Osb_67_metadata_contain_the_scope_the_names_and_the_gateway_without_nulls()
    {
        var body = BrokerHost.Provision();
        body["context"]!.AsObject().Remove("organization_name");

        var metadata = (await broker.PutAsync(NewPath, body)).Json.GetProperty("metadata");

        Assert.Equal(
            """{"aiven-metrics/instance-name":"my-metrics","aiven-metrics/scope":"space","aiven-metrics/space-name":"Space One"}""",
            metadata.GetProperty("labels").GetRawText()
        );
        Assert.Equal("""{"aiven-metrics/gateway-url":"https://metrics.example.com"}""", metadata.GetProperty("attributes").GetRawText());
    }

    [Fact]
    public async Task Osb_66_without_a_template_there_is_no_dashboard_url()
    {
        var path = NewPath;

        Assert.False((await broker.PutAsync(path, BrokerHost.Provision())).Json.TryGetProperty("dashboard_url", out _));
        Assert.False((await broker.GetAsync(path)).Json.TryGetProperty("dashboard_url", out _));
    }

    [Theory]
    [InlineData("accepts_incomplete=maybe")]
    [InlineData("accepts_incomplete=true&accepts_incomplete=true")]
    public async Task A_malformed_query_is_400(string query)
    {
        var answer = await broker.PutAsync($"{NewPath}?{query}", BrokerHost.Provision());

        Assert.Equal(400, answer.Status);
        Assert.Contains("accepts_incomplete", answer.Description, StringComparison.Ordinal);
    }
}
