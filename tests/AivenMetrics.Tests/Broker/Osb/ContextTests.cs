using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>The context of a platform, and the owner of an instance according to it (docs/osb-conformance.md 130 and 131).</summary>
public abstract class ContextTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : ContextTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : ContextTests(broker), IClassFixture<PostgresBroker>;

    private static (string Path, InstanceId Id) New()
    {
        var id = Guid.NewGuid().ToString();
        return ($"/v2/service_instances/{id}", new InstanceId(id));
    }

    private static JsonObject Kubernetes(string cluster = "cluster-1", string name = "team-a") =>
        new()
        {
            ["platform"] = "kubernetes",
            ["clusterid"] = cluster,
            ["namespace"] = name,
            ["instance_name"] = "my-metrics",
            ["namespace_annotations"] = new JsonObject { ["example.com/team"] = "a" },
            ["instance_annotations"] = new JsonObject(),
        };

    private static JsonObject Provision(JsonObject? context, string plan = BrokerHost.SpacePlan, string space = "space-1")
    {
        var body = BrokerHost.Provision(plan);
        body["space_guid"] = space;
        body["context"] = context;
        return body;
    }

    private static JsonObject Patch(JsonObject context) => new() { ["service_id"] = BrokerHost.OfferingId, ["context"] = context };

    private Task<BrokerResponse> UpdateAsync(string path, JsonObject context) => broker.SendAsync(HttpMethod.Patch, path, Patch(context));

    private async Task<InstanceRecord> RowAsync(InstanceId id) =>
        await broker.Service<InstanceStore>().FindAsync(id, CancellationToken.None)
        ?? throw new InvalidOperationException("There is no row.");

    [Fact]
    public async Task Osb_130_names_and_annotations_of_cloud_foundry_are_kept()
    {
        var (path, id) = New();
        var body = BrokerHost.Provision();
        body["context"]!["organization_annotations"] = new JsonObject { ["p/o"] = "1" };
        body["context"]!["space_annotations"] = new JsonObject { ["p/s"] = "2" };
        body["context"]!["instance_annotations"] = new JsonObject { ["p/i"] = "3" };

        Assert.Equal(201, (await broker.PutAsync(path, body)).Status);

        var row = await RowAsync(id);
        Assert.Equal(
            ("cloudfoundry", "Org One", "Space One", "my-metrics"),
            (row.Platform, row.OrganizationName, row.SpaceName, row.InstanceName)
        );
        Assert.Equal(
            """{"instance_annotations":{"p/i":"3"},"organization_annotations":{"p/o":"1"},"space_annotations":{"p/s":"2"}}""",
            row.Annotations
        );
    }

    [Theory]
    [InlineData("organization_annotations")]
    [InlineData("space_annotations")]
    [InlineData("instance_annotations")]
    [InlineData("namespace_annotations")]
    public async Task Osb_130_annotations_that_are_no_object_are_400_and_named(string field)
    {
        var body = BrokerHost.Provision();
        body["context"]![field] = "text";

        var answer = await broker.PutAsync(New().Path, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("context." + field, answer.Description, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("organization_guid")]
    [InlineData("space_guid")]
    public async Task Osb_130_a_context_that_contradicts_the_request_is_400_and_creates_nothing(string field)
    {
        var (path, _) = New();
        var body = BrokerHost.Provision();
        body["context"]![field] = "another";

        var answer = await broker.PutAsync(path, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("context." + field, answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("organization_guid")]
    [InlineData("space_guid")]
    public async Task Osb_60_another_owner_of_an_existing_id_is_409_also_when_its_context_was_not_changed_with_it(string field)
    {
        var (path, _) = New();
        await broker.PutAsync(path, BrokerHost.Provision());
        var other = BrokerHost.Provision();
        other[field] = "another";

        Assert.Equal(409, (await broker.PutAsync(path, other)).Status);
    }

    [Fact]
    public async Task Osb_87_a_context_alone_updates_names_and_annotations_and_nothing_else()
    {
        var (path, id) = New();
        var body = BrokerHost.Provision();
        body["context"]!["instance_annotations"] = new JsonObject { ["p/i"] = "kept" };
        body["context"]!["space_annotations"] = new JsonObject { ["p/s"] = "old" };
        await broker.PutAsync(path, body);

        var answer = await UpdateAsync(
            path,
            new JsonObject
            {
                ["platform"] = "cloudfoundry",
                ["organization_guid"] = "org-1",
                ["organization_name"] = "Org Renamed",
                ["space_guid"] = "space-1",
                ["space_name"] = "Space Renamed",
                ["instance_name"] = "renamed",
                ["space_annotations"] = new JsonObject { ["p/s"] = "new" },
            }
        );

        Assert.Equal(200, answer.Status);
        Assert.Equal(
            """
            {"aiven-metrics/instance-name":"renamed","aiven-metrics/organization-name":"Org Renamed",
            "aiven-metrics/scope":"space","aiven-metrics/space-name":"Space Renamed"}
            """.ReplaceLineEndings(""),
            answer.Json.GetProperty("metadata").GetProperty("labels").GetRawText()
        );
        var row = await RowAsync(id);
        Assert.Equal(("Org Renamed", "Space Renamed", "renamed"), (row.OrganizationName, row.SpaceName, row.InstanceName));
        Assert.Equal("""{"instance_annotations":{"p/i":"kept"},"space_annotations":{"p/s":"new"}}""", row.Annotations);
        Assert.Equal((BrokerHost.SpacePlan, "{}", BrokerHost.Owner), (row.PlanId, row.Parameters, row.Owner));
    }

    [Theory]
    [InlineData("organization_guid", "org-2")]
    [InlineData("space_guid", "space-2")]
    [InlineData("platform", "kubernetes")]
    public async Task Osb_81_an_instance_cannot_be_moved_to_another_owner(string field, string value)
    {
        var (path, id) = New();
        await broker.PutAsync(path, BrokerHost.Provision());
        var before = await RowAsync(id);
        var context = new JsonObject
        {
            ["platform"] = "cloudfoundry",
            ["instance_name"] = "renamed",
            ["clusterid"] = "org-1",
            ["namespace"] = "space-1",
            [field] = value,
        };

        var answer = await UpdateAsync(path, context);

        Assert.Equal((422, null), (answer.Status, answer.Error));
        Assert.Contains("context." + field, answer.Description, StringComparison.Ordinal);
        Assert.True(answer.Json.GetProperty("instance_usable").GetBoolean());
        Assert.False(answer.Json.GetProperty("update_repeatable").GetBoolean());
        Assert.Equal(before, await RowAsync(id));
    }

    [Fact]
    public async Task Osb_59_a_replay_with_newer_names_is_200_and_the_names_are_stored()
    {
        var (path, id) = New();
        await broker.PutAsync(path, BrokerHost.Provision());
        var renamed = BrokerHost.Provision();
        renamed["context"]!["instance_name"] = "renamed";

        var answer = await broker.PutAsync(path, renamed);

        Assert.Equal(200, answer.Status);
        Assert.Equal("renamed", (await RowAsync(id)).InstanceName);
        Assert.Contains("renamed", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_131_a_namespace_owns_its_instance_whatever_the_top_level_guids()
    {
        var (path, id) = New();

        Assert.Equal(201, (await broker.PutAsync(path, Provision(Kubernetes()))).Status);

        var row = await RowAsync(id);
        Assert.Equal(new OwningSpace("cluster-1", "cluster-1/team-a"), row.Owner);
        Assert.Equal(("kubernetes", null, "team-a", "my-metrics"), (row.Platform, row.OrganizationName, row.SpaceName, row.InstanceName));
        Assert.Equal("""{"instance_annotations":{},"namespace_annotations":{"example.com/team":"a"}}""", row.Annotations);
        Assert.Equal(200, (await broker.PutAsync(path, Provision(Kubernetes(), space: "another"))).Status);
        Assert.Equal(409, (await broker.PutAsync(path, Provision(Kubernetes(name: "team-b")))).Status);
    }

    [Theory]
    [InlineData("clusterid", null)]
    [InlineData("namespace", null)]
    [InlineData("clusterid", "")]
    [InlineData("namespace", "")]
    [InlineData("namespace", "a/b")]
    public async Task Osb_131_a_kubernetes_context_without_cluster_or_namespace_is_400_and_named(string field, string? value)
    {
        var context = Kubernetes();
        context[field] = value;
        var (path, _) = New();
        await broker.PutAsync(path, Provision(Kubernetes()));

        BrokerResponse[] answers =
        [
            await broker.PutAsync(New().Path, Provision((JsonObject)context.DeepClone())),
            await UpdateAsync(path, context),
        ];

        Assert.All(answers, answer => Assert.Equal(400, answer.Status));
        Assert.All(answers, answer => Assert.Contains("context." + field, answer.Description, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Osb_131_a_cluster_that_gets_another_id_keeps_its_instances()
    {
        var (path, id) = New();
        await broker.PutAsync(path, Provision(Kubernetes()));

        Assert.Equal(200, (await UpdateAsync(path, Kubernetes(cluster: "cluster-2"))).Status);
        Assert.Equal(new OwningSpace("cluster-2", "cluster-2/team-a"), (await RowAsync(id)).Owner);

        var moved = await UpdateAsync(path, Kubernetes(cluster: "cluster-2", name: "team-b"));
        Assert.Equal(422, moved.Status);
        Assert.False(moved.Json.GetProperty("update_repeatable").GetBoolean());
        Assert.Equal(new OwningSpace("cluster-2", "cluster-2/team-a"), (await RowAsync(id)).Owner);
    }

    [Fact]
    public async Task Osb_130_an_unknown_platform_is_served_by_the_top_level_guids()
    {
        var (path, id) = New();

        Assert.Equal(201, (await broker.PutAsync(path, Provision(new JsonObject { ["platform"] = "nomad", ["namespace"] = 7 }))).Status);

        Assert.Equal((BrokerHost.Owner, "nomad"), ((await RowAsync(id)).Owner, (await RowAsync(id)).Platform));
    }

    [Fact]
    public async Task Osb_131_services_tagged_with_the_namespace_are_its_instances_and_are_labelled_so()
    {
        var owner = OwningSpace.OfNamespace("cluster-9", "team-z")!.Value;
        var inventory = broker.Service<InventoryStore>();
        var project = new AivenProject("demo");
        var services = await inventory.ServicesOfProjectAsync(project, CancellationToken.None);
        var theirs = BrokerHost.Aiven("pg-of-z", owner) with { ScrapeHosts = [new ScrapeHostRecord("z.example.com", 9273, "/metrics")] };
        await inventory.SaveInventoryAsync(project, DateTimeOffset.UtcNow, [.. services, theirs], CancellationToken.None);
        await inventory.SaveProjectAsync(
            new AivenProjectRecord(
                project,
                "PEM",
                "e1",
                "user",
                broker.Service<SecretProtector>().Protect("pw", SecretProtector.ScrapePasswordPurpose),
                DateTimeOffset.UtcNow
            ),
            CancellationToken.None
        );
        var (path, _) = New();
        var body = Provision(Kubernetes("cluster-9", "team-z"), BrokerHost.ServicesPlan);
        body["parameters"] = new JsonObject { ["services"] = new JsonArray("pg-of-z") };

        Assert.Equal(201, (await broker.PutAsync(path, body)).Status);
        Assert.Equal(400, (await broker.PutAsync(New().Path, WithServices(Kubernetes("cluster-9", "team-y"), "pg-of-z"))).Status);

        var labels = await LabelsAsync("pg-of-z");
        Assert.Equal(
            ("cluster-9", "cluster-9/team-z", "team-z"),
            (
                labels.GetProperty("organization_id").GetString(),
                labels.GetProperty("space_id").GetString(),
                labels.GetProperty("space_name").GetString()
            )
        );
        Assert.False(labels.TryGetProperty("organization_name", out _));
    }

    private static JsonObject WithServices(JsonObject context, string service)
    {
        var body = Provision(context, BrokerHost.ServicesPlan);
        body["parameters"] = new JsonObject { ["services"] = new JsonArray(service) };
        return body;
    }

    private async Task<JsonElement> LabelsAsync(string service)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/feed/v1/targets");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "discovery-token");
        var answer = await BrokerResponse.ReadAsync(await broker.Client.SendAsync(request));
        return answer
            .Json.GetProperty("projects")[0]
            .GetProperty("services")
            .EnumerateArray()
            .Single(targets => targets.GetProperty("service_name").GetString() == service)
            .GetProperty("labels");
    }
}
