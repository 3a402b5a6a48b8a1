using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>osb.md A8: PUT /v2/service_instances/:i/service_bindings/:b, while the reconciler answers at once.</summary>
public abstract class BindTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : BindTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : BindTests(broker), IClassFixture<PostgresBroker>;

    private async Task<string> NewPath(string plan = BrokerHost.SpacePlan) =>
        $"{await broker.Instance(plan)}/service_bindings/{Guid.NewGuid()}";

    [Fact]
    public async Task Osb_89_a_bind_is_201_with_credentials()
    {
        var answer = await broker.Put(await NewPath(), BrokerHost.Bind());

        Assert.Equal(201, answer.Status);
        Assert.Equal("https://metrics.example.com", answer.Json.GetProperty("credentials").GetProperty("url").GetString());
    }

    [Fact]
    public async Task Osb_91_an_equal_replay_of_bind_answers_200_with_the_same_credentials()
    {
        var path = await NewPath(BrokerHost.ServicesPlan);
        var first = await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"));

        // What Aiven shows moves on, the version becomes known, and the order of the names is no difference.
        await broker.Service<FactStore>().Report(FactStore.PrometheusVersion, Guid.NewGuid().ToString(), DateTimeOffset.UtcNow, default);
        var replay = await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"));

        Assert.Equal((201, 200), (first.Status, replay.Status));
        Assert.Equal(first.Text, replay.Text);
    }

    [Fact]
    public async Task Osb_92_a_replay_with_other_parameters_or_another_app_is_409()
    {
        var path = await NewPath(BrokerHost.ServicesPlan);
        var first = await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"));
        var otherApp = BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1");
        otherApp["bind_resource"]!["app_guid"] = "app-2";

        Assert.Equal(409, (await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "kafka-1"))).Status);
        Assert.Equal(409, (await broker.Put(path, otherApp)).Status);
        Assert.Equal(first.Text, (await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Text);
    }

    [Theory]
    [InlineData("service_id")]
    [InlineData("plan_id")]
    public async Task Osb_93_a_missing_malformed_or_foreign_service_or_plan_is_400_and_named(string field)
    {
        var path = await NewPath();
        foreach (JsonNode? wrong in new JsonNode?[] { null, "", 42, "unknown" })
        {
            var body = BrokerHost.Bind();
            body[field] = wrong;

            var answer = await broker.Put(path, body);

            Assert.Equal(400, answer.Status);
            Assert.Contains(field, answer.Description, StringComparison.Ordinal);
        }

        Assert.Equal(404, (await broker.Get(path)).Status);
    }

    [Fact]
    public async Task Osb_93_the_plan_is_the_instances() =>
        Assert.Equal(400, (await broker.Put(await NewPath(), BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Status);

    [Fact]
    public async Task Osb_95_a_service_key_has_no_app_and_an_empty_bind_resource()
    {
        var body = BrokerHost.Bind();
        body.Remove("app_guid");
        body["bind_resource"] = new JsonObject();

        Assert.Equal(201, (await broker.Put(await NewPath(), body)).Status);
    }

    [Theory]
    [InlineData("app_guid", "\"\"")]
    [InlineData("app_guid", "42")]
    [InlineData("bind_resource", "\"text\"")]
    [InlineData("bind_resource", "{\"app_guid\":\"\"}")]
    [InlineData("bind_resource", "{\"app_guid\":42}")]
    [InlineData("context", "[]")]
    [InlineData("parameters", "\"services\"")]
    public async Task Osb_94_a_field_of_the_wrong_type_is_400_and_named(string field, string json)
    {
        var body = BrokerHost.Bind();
        body[field] = JsonNode.Parse(json);

        var answer = await broker.Put(await NewPath(), body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "needs the parameter 'services'")]
    [InlineData("""{"services":"pg-1"}""", "array of strings")]
    [InlineData("""{"services":[1]}""", "array of strings")]
    [InlineData("""{"services":[null]}""", "array of strings")]
    [InlineData("""{"services":null}""", "array of strings")]
    [InlineData("""{"services":[]}""", "1 to 50")]
    [InlineData("""{"services":[""]}""", "1 to 255 characters")]
    [InlineData("""{"services":["pg-1","pg-1"]}""", "twice")]
    [InlineData("""{"services":["pg-1"],"space_id":"space-2"}""", "'space_id'")]
    [InlineData("""{"Services":["pg-1"]}""", "'Services'")]
    public async Task Osb_96_wrong_parameters_are_400_with_a_sentence(string parameters, string sentence)
    {
        var body = BrokerHost.Bind(BrokerHost.ServicesPlan);
        body["parameters"] = JsonNode.Parse(parameters);

        var answer = await broker.Put(await NewPath(BrokerHost.ServicesPlan), body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(sentence, answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_96_fifty_one_services_and_a_name_of_256_characters_are_400()
    {
        var path = await NewPath(BrokerHost.ServicesPlan);
        string[] many = [.. Enumerable.Range(0, 51).Select(i => $"s{i}")];

        Assert.Equal(400, (await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, many))).Status);
        Assert.Equal(400, (await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, new string('x', 256)))).Status);
    }

    [Fact]
    public async Task Osb_96_plan_space_takes_no_parameters()
    {
        var answer = await broker.Put(await NewPath(), BrokerHost.Bind(BrokerHost.SpacePlan, "pg-1"));

        Assert.Equal(400, answer.Status);
        Assert.Contains("'services'", answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_97_every_binding_has_credentials_of_its_own_also_for_one_app()
    {
        var instance = await broker.Instance();

        var one = await broker.Put($"{instance}/service_bindings/one", BrokerHost.Bind());
        var two = await broker.Put($"{instance}/service_bindings/two", BrokerHost.Bind());

        Assert.NotEqual(Credential(one, "username"), Credential(two, "username"));
        Assert.NotEqual(Credential(one, "password"), Credential(two, "password"));
    }

    [Fact]
    public async Task Osb_102_a_bind_of_an_unknown_instance_is_404_and_makes_nothing()
    {
        Assert.Equal(404, (await broker.Put("/v2/service_instances/unknown/service_bindings/b", BrokerHost.Bind())).Status);
        Assert.Equal(404, (await broker.Get("/v2/service_instances/unknown/service_bindings/b")).Status);
    }

    [Fact]
    public async Task Osb_103_the_same_binding_id_on_another_instance_is_another_binding()
    {
        var one = await broker.Put($"{await broker.Instance()}/service_bindings/same", BrokerHost.Bind());
        var two = await broker.Put($"{await broker.Instance()}/service_bindings/same", BrokerHost.Bind());

        Assert.Equal((201, 201), (one.Status, two.Status));
        Assert.NotEqual(Credential(one, "username"), Credential(two, "username"));
    }

    [Fact]
    public async Task Osb_104_a_rotation_is_refused_because_no_plan_offers_it()
    {
        var body = BrokerHost.Bind();
        body["predecessor_binding_id"] = "old";

        Assert.Equal(400, (await broker.Put(await NewPath(), body)).Status);
    }

    [Fact]
    public async Task Osb_69_twenty_equal_binds_at_once_make_one_credential()
    {
        var path = await NewPath();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.Put(path, BrokerHost.Bind())));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(19, answers.Count(answer => answer.Status == 200));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
    }

    [Fact]
    public async Task A_service_is_named_by_its_guid_or_its_name_and_counted_once()
    {
        var answer = await broker.Put(
            await NewPath(BrokerHost.ServicesPlan), BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "guid-of-kafka-1", "guid-of-pg-1"));

        Assert.Equal(201, answer.Status);
        var matcher = Assert.Single(answer.Json.GetProperty("credentials").GetProperty("scope").GetProperty("matchers").EnumerateArray());
        Assert.Equal("""{"name":"service_instance_id","type":"=~","value":"guid-of-kafka-1|guid-of-pg-1"}""", matcher.GetRawText());
    }

    [Fact]
    public async Task Not_found_and_not_yours_are_the_same_answer()
    {
        await broker.Service<InventoryStore>().SaveInventory(
            new AivenProject("demo"),
            DateTimeOffset.UtcNow.AddMinutes(1),
            await broker.Service<InventoryStore>().Services(new AivenProject("demo"), default),
            default);
        var path = await NewPath(BrokerHost.ServicesPlan);
        string[] foreign = ["nothing", "others-pg", "guid-of-others-pg", "same-space-other-organization"];

        foreach (var name in foreign)
        {
            var answer = await broker.Put(path, BrokerHost.Bind(BrokerHost.ServicesPlan, name));

            Assert.Equal(400, answer.Status);
            Assert.Equal(
                $"The space has no Aiven service called '{name}': name services of this space by their instance GUID "
                + "(cf service <name> --guid) or their Aiven service name.",
                answer.Description);
        }

        Assert.Equal(404, (await broker.Get(path)).Status);
    }

    private static string? Credential(Answer answer, string name) => answer.Json.GetProperty("credentials").GetProperty(name).GetString();
}
