using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>
/// PUT /v2/service_instances/:i/service_bindings/:b, with a reconciler that decides immediately (OSB API v2.17, "Binding").
/// </summary>
public abstract class BindTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : BindTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : BindTests(broker), IClassFixture<PostgresBroker>;

    private async Task<string> NewPathAsync(string plan = BrokerHost.SpacePlan) =>
        $"{await broker.InstanceAsync(plan)}/service_bindings/{Guid.NewGuid()}";

    [Fact]
    public async Task Osb_89_a_bind_is_201_with_credentials()
    {
        var answer = await broker.PutAsync(await NewPathAsync(), BrokerHost.Bind());

        Assert.Equal(201, answer.Status);
        Assert.Equal("https://metrics.example.com", answer.Json.GetProperty("credentials").GetProperty("url").GetString());
    }

    [Fact]
    public async Task Osb_91_an_equal_replay_of_bind_answers_200_with_the_same_credentials()
    {
        var path = await NewPathAsync(BrokerHost.ServicesPlan);
        var first = await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"));

        // A changed inventory, a newly known version and the order of the names make no difference.
        await broker
            .Service<ReportedValueStore>()
            .ReportAsync(ReportedValueStore.PrometheusVersion, Guid.NewGuid().ToString(), DateTimeOffset.UtcNow, default);
        var replay = await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "kafka-1"));

        Assert.Equal((201, 200), (first.Status, replay.Status));
        Assert.Equal(first.Text, replay.Text);
    }

    [Fact]
    public async Task Osb_92_a_replay_with_other_parameters_or_another_app_is_409()
    {
        var path = await NewPathAsync(BrokerHost.ServicesPlan);
        var first = await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"));
        var otherApp = BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1");
        otherApp["app_guid"] = "app-2";
        otherApp["bind_resource"]!["app_guid"] = "app-2";

        Assert.Equal(409, (await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "kafka-1"))).Status);
        Assert.Equal(409, (await broker.PutAsync(path, otherApp)).Status);
        Assert.Equal(first.Text, (await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Text);
    }

    [Theory]
    [InlineData("service_id")]
    [InlineData("plan_id")]
    public async Task Osb_93_a_missing_malformed_or_foreign_service_or_plan_is_400_and_named(string field)
    {
        var path = await NewPathAsync();
        foreach (var wrong in new JsonNode?[] { null, "", 42, "unknown" })
        {
            var body = BrokerHost.Bind();
            body[field] = wrong;

            var answer = await broker.PutAsync(path, body);

            Assert.Equal(400, answer.Status);
            Assert.Contains(field, answer.Description, StringComparison.Ordinal);
        }

        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Osb_93_a_plan_other_than_that_of_the_instance_is_400() =>
        Assert.Equal(400, (await broker.PutAsync(await NewPathAsync(), BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Status);

    [Theory]
    [InlineData(null)]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"credential_client_id":"client-1"}""")]
    [InlineData("""{"route":"app.example.com"}""")]
    [InlineData("""{"app_guid":"app-1","space_guid":"space-1","app_annotations":{"a.example/b":"c"},"unknown":[1]}""")]
    public async Task Osb_95_every_kind_of_bind_resource_is_accepted_and_none_is_required(string? resource)
    {
        var body = BrokerHost.Bind();
        body.Remove("app_guid");
        body.Remove("bind_resource");
        if (resource is not null)
        {
            body["bind_resource"] = JsonNode.Parse(resource);
        }

        Assert.Equal(201, (await broker.PutAsync(await NewPathAsync(), body)).Status);
    }

    [Fact]
    public async Task Osb_94_two_different_app_guids_are_400_and_either_form_alone_is_accepted()
    {
        var two = BrokerHost.Bind();
        two["app_guid"] = "app-2";
        var path = await NewPathAsync();
        var answer = await broker.PutAsync(path, two);

        Assert.Equal(400, answer.Status);
        Assert.Contains("app_guid", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
        var top = BrokerHost.Bind();
        top["bind_resource"] = new JsonObject { ["space_guid"] = "space-1" };
        Assert.Equal(201, (await broker.PutAsync(path, top)).Status);
        Assert.Equal(200, (await broker.PutAsync(path, BrokerHost.Bind())).Status);
    }

    [Theory]
    [InlineData("context", "space-2", null)]
    [InlineData("bind_resource", "space-2", null)]
    [InlineData("context", "space-2", "cloudfoundry")]
    [InlineData("bind_resource", "space-2", "cloudfoundry")]
    public async Task Osb_132_a_space_that_shares_the_instance_is_rejected_with_the_reason(string where, string space, string? platform)
    {
        var body = BrokerHost.Bind();
        body["bind_resource"] = new JsonObject { ["app_guid"] = "app-1" };
        body["context"] = new JsonObject();
        if (platform is not null)
        {
            body["context"]!["platform"] = platform;
        }
        body[where]!["space_guid"] = space;
        var path = await NewPathAsync();

        var answer = await broker.PutAsync(path, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("cannot be shared", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task Osb_131_a_namespace_binds_only_its_own_instance_whatever_its_cluster_is_called()
    {
        var instance = $"/v2/service_instances/{Guid.NewGuid()}";
        var provision = BrokerHost.Provision();
        provision["context"] = Namespace("c", "n");
        Assert.Equal(201, (await broker.PutAsync(instance, provision)).Status);

        Assert.Equal(201, await BindAsync(instance, Namespace("c", "n")));
        Assert.Equal(201, await BindAsync(instance, Namespace("renamed", "n")));
        Assert.Equal(400, await BindAsync(instance, Namespace("c", "other")));
        Assert.Equal(
            400,
            await BindAsync(
                instance,
                new JsonObject
                {
                    ["platform"] = "cloudfoundry",
                    ["organization_guid"] = "c",
                    ["space_guid"] = "c/n",
                }
            )
        );
        Assert.Equal(400, await BindAsync(await broker.InstanceAsync(), Namespace("org-1", "space-1")));
    }

    private static JsonObject Namespace(string cluster, string name) =>
        new()
        {
            ["platform"] = "kubernetes",
            ["clusterid"] = cluster,
            ["namespace"] = name,
        };

    private async Task<int> BindAsync(string instance, JsonObject context)
    {
        var body = BrokerHost.Bind();
        body["bind_resource"]!["space_guid"] = context["platform"]!.GetValue<string>() == "kubernetes" ? "anything" : "c/n";
        body["context"] = context;
        return (await broker.PutAsync($"{instance}/service_bindings/{Guid.NewGuid()}", body)).Status;
    }

    [Fact]
    public async Task Osb_130_new_names_in_a_bind_are_stored()
    {
        var instance = await broker.InstanceAsync();
        var body = BrokerHost.Bind();
        body["context"] = new JsonObject
        {
            ["platform"] = "cloudfoundry",
            ["organization_guid"] = "org-1",
            ["space_guid"] = "space-1",
            ["space_name"] = "Renamed",
        };

        var answer = await broker.PutAsync($"{instance}/service_bindings/b", body);

        Assert.Contains(
            "space Renamed",
            answer.Json.GetProperty("credentials").GetProperty("scope").GetRawText(),
            StringComparison.Ordinal
        );
        Assert.Equal("Renamed", (await broker.Service<InstanceStore>().FindAsync(new(instance.Split('/')[3]), default))!.SpaceName);
    }

    [Fact]
    public async Task Osb_98_the_endpoints_are_those_of_the_credentials()
    {
        var path = await NewPathAsync();
        var bound = await broker.PutAsync(path, BrokerHost.Bind());

        Assert.Equal(
            """[{"host":"metrics.example.com","ports":["443"],"protocol":"tcp"}]""",
            bound.Json.GetProperty("endpoints").GetRawText()
        );
        Assert.Equal(
            bound.Json.GetProperty("endpoints").GetRawText(),
            (await broker.GetAsync(path)).Json.GetProperty("endpoints").GetRawText()
        );
    }

    [Fact]
    public async Task A_bind_that_names_no_services_has_those_of_its_instance()
    {
        var instance = await InstanceOfAsync(BrokerHost.ServicesPlan, """{"services":["kafka-1"]}""");

        var answer = await broker.PutAsync($"{instance}/service_bindings/b", BrokerHost.Bind(BrokerHost.ServicesPlan));
        var named = await broker.PutAsync($"{instance}/service_bindings/c", BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"));

        Assert.Equal(["kafka-1"], Services(answer));
        Assert.Equal(["pg-1"], Services(named));
    }

    [Fact]
    public async Task A_binding_keeps_the_plan_that_it_was_made_with()
    {
        var instance = await broker.InstanceAsync();
        var (path, id) = ($"{instance}/service_bindings/b", instance.Split('/')[3]);
        var bound = await broker.PutAsync(path, BrokerHost.Bind());
        await broker
            .Service<Database>()
            .ExecuteAsync(
                "UPDATE service_instance SET plan_id = @plan, plan_scope = 'services' WHERE instance_id = @id",
                new { plan = BrokerHost.ServicesPlan, id },
                default
            );

        var replay = await broker.PutAsync(path, BrokerHost.Bind());
        Assert.Equal((200, bound.Text), (replay.Status, replay.Text));
        Assert.Equal(
            bound.Json.GetProperty("credentials").GetRawText(),
            (await broker.GetAsync(path)).Json.GetProperty("credentials").GetRawText()
        );
        Assert.Contains(await broker.Service<BindingStore>().LiveCredentialsAsync(default), credential =>
            credential.Username == Credential(bound, "username") && credential.PlanScope == PlanScope.Space
        );
        Assert.Contains(await broker.Service<BindingStore>().LiveScopesAsync(default), scope =>
            scope.InstanceId.Value == id && scope.PlanScope == PlanScope.Space
        );
        Assert.Equal(409, (await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Status);
        Assert.Equal(400, (await broker.PutAsync(path + "2", BrokerHost.Bind())).Status);
        Assert.Equal(201, (await broker.PutAsync(path + "2", BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1"))).Status);
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

        var answer = await broker.PutAsync(await NewPathAsync(), body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(field, answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "requires services. Set the parameter 'services'")]
    [InlineData("""{"services":"pg-1"}""", "array of strings")]
    [InlineData("""{"services":[1]}""", "array of strings")]
    [InlineData("""{"services":[null]}""", "array of strings")]
    [InlineData("""{"services":null}""", "array of strings")]
    [InlineData("""{"services":[]}""", "1 to 50")]
    [InlineData("""{"services":[""]}""", "1 to 255 characters")]
    [InlineData("""{"services":["pg-1","pg-1"]}""", "twice")]
    [InlineData("""{"services":["pg-1"],"space_id":"space-2"}""", "'space_id'")]
    [InlineData("""{"Services":["pg-1"]}""", "'Services'")]
    public async Task Osb_96_wrong_parameters_are_400_with_a_description(string parameters, string sentence)
    {
        var body = BrokerHost.Bind(BrokerHost.ServicesPlan);
        body["parameters"] = JsonNode.Parse(parameters);

        var answer = await broker.PutAsync(await NewPathAsync(BrokerHost.ServicesPlan), body);

        Assert.Equal(400, answer.Status);
        Assert.Contains(sentence, answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_96_fifty_one_services_and_a_name_of_256_characters_are_400()
    {
        var path = await NewPathAsync(BrokerHost.ServicesPlan);
        string[] many = [.. Enumerable.Range(0, 51).Select(i => $"s{i}")];

        Assert.Equal(400, (await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, many))).Status);
        Assert.Equal(400, (await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, new string('x', 256)))).Status);
    }

    [Fact]
    public async Task Osb_96_plan_space_takes_no_services()
    {
        var answer = await broker.PutAsync(await NewPathAsync(), BrokerHost.Bind(BrokerHost.SpacePlan, "pg-1"));

        Assert.Equal(400, answer.Status);
        Assert.Contains("'services'", answer.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_97_every_binding_has_credentials_of_its_own_also_for_one_app()
    {
        var instance = await broker.InstanceAsync();

        var one = await broker.PutAsync($"{instance}/service_bindings/one", BrokerHost.Bind());
        var two = await broker.PutAsync($"{instance}/service_bindings/two", BrokerHost.Bind());

        Assert.NotEqual(Credential(one, "username"), Credential(two, "username"));
        Assert.NotEqual(Credential(one, "password"), Credential(two, "password"));
    }

    [Fact]
    public async Task Osb_102_a_bind_of_an_unknown_instance_is_404_and_creates_nothing()
    {
        Assert.Equal(404, (await broker.PutAsync("/v2/service_instances/unknown/service_bindings/b", BrokerHost.Bind())).Status);
        Assert.Equal(404, (await broker.GetAsync("/v2/service_instances/unknown/service_bindings/b")).Status);
    }

    [Fact]
    public async Task Osb_103_the_same_binding_id_on_another_instance_is_another_binding()
    {
        var one = await broker.PutAsync($"{await broker.InstanceAsync()}/service_bindings/same", BrokerHost.Bind());
        var two = await broker.PutAsync($"{await broker.InstanceAsync()}/service_bindings/same", BrokerHost.Bind());

        Assert.Equal((201, 201), (one.Status, two.Status));
        Assert.NotEqual(Credential(one, "username"), Credential(two, "username"));
    }

    [Fact]
    public async Task Osb_69_twenty_equal_binds_at_once_make_one_credential()
    {
        var path = await NewPathAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => broker.PutAsync(path, BrokerHost.Bind())));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(19, answers.Count(answer => answer.Status == 200));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
    }

    [Fact]
    public async Task Osb_92_of_twenty_different_binds_of_an_id_at_once_one_succeeds()
    {
        var path = await NewPathAsync();
        JsonObject For(int app)
        {
            var body = BrokerHost.Bind();
            body["app_guid"] = $"app-{app}";
            body["bind_resource"]!["app_guid"] = $"app-{app}";
            return body;
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(app => broker.PutAsync(path, For(app))));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.Equal(19, answers.Count(answer => answer.Status == 409));
        var winner = Array.FindIndex(answers, answer => answer.Status == 201);
        Assert.Equal(answers[winner].Text, (await broker.PutAsync(path, For(winner))).Text);
    }

    [Fact]
    public async Task A_service_is_named_by_its_guid_or_its_name_and_counted_once()
    {
        var answer = await broker.PutAsync(
            await NewPathAsync(BrokerHost.ServicesPlan),
            BrokerHost.Bind(BrokerHost.ServicesPlan, "pg-1", "guid-of-kafka-1", "guid-of-pg-1")
        );

        Assert.Equal(201, answer.Status);
        var matcher = answer.Json.GetProperty("credentials").GetProperty("scope").GetProperty("matchers").EnumerateArray().Last();
        Assert.Equal("""{"name":"service_instance_id","type":"=~","value":"guid-of-kafka-1|guid-of-pg-1"}""", matcher.GetRawText());
    }

    [Fact]
    public async Task Missing_and_foreign_services_get_the_same_error()
    {
        await broker
            .Service<InventoryStore>()
            .SaveInventoryAsync(
                new AivenProject("demo"),
                DateTimeOffset.UtcNow.AddMinutes(1),
                await broker.Service<InventoryStore>().ServicesOfProjectAsync(new AivenProject("demo"), default),
                default
            );
        var path = await NewPathAsync(BrokerHost.ServicesPlan);
        string[] foreign = ["nothing", "others-pg", "guid-of-others-pg", "same-space-other-organization"];

        foreach (var name in foreign)
        {
            var answer = await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, name));

            Assert.Equal(400, answer.Status);
            Assert.Equal(
                $"The space has no Aiven service named '{name}'. Name services of this space by their instance GUID "
                    + "(cf service <name> --guid) or their Aiven service name.",
                answer.Description
            );
        }

        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    private async Task<string> InstanceOfAsync(string plan, string parameters)
    {
        var id = Guid.NewGuid().ToString();
        Assert.True(
            await broker
                .Service<InstanceStore>()
                .TryInsertAsync(
                    new(
                        new(id),
                        BrokerHost.OfferingId,
                        plan,
                        plan == BrokerHost.SpacePlan ? PlanScope.Space : PlanScope.Services,
                        BrokerHost.Owner,
                        null,
                        null,
                        null,
                        parameters,
                        DateTimeOffset.UtcNow
                    ),
                    default
                )
        );
        return $"/v2/service_instances/{id}";
    }

    private static IEnumerable<string?> Services(BrokerResponse answer) =>
        answer
            .Json.GetProperty("credentials")
            .GetProperty("services")
            .EnumerateArray()
            .Select(service => service.GetProperty("name").GetString());

    private static string? Credential(BrokerResponse answer, string name) =>
        answer.Json.GetProperty("credentials").GetProperty(name).GetString();
}
