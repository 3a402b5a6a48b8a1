using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>Whole lifecycles as Cloud Controller and Kubernetes send them.</summary>
public abstract class PlatformConformanceTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : PlatformConformanceTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : PlatformConformanceTests(broker), IClassFixture<PostgresBroker>;

    [Fact]
    public async Task Osb_133_a_lifecycle_as_cloud_controller_sends_it_is_served()
    {
        using var platform = broker.NewClient(version: "2.15");
        platform.DefaultRequestHeaders.Add("Accept", "application/json");
        platform.DefaultRequestHeaders.Add("X-VCAP-Request-ID", "5a6b::7c8d");
        platform.DefaultRequestHeaders.Add("X-Api-Info-Location", "api.example.com/v2/info");
        platform.DefaultRequestHeaders.Add("X-B3-TraceId", "463ac35c9f6413ad48485a3953bb6124");
        platform.DefaultRequestHeaders.Add("X-B3-SpanId", "a2fb4a1d1a96d312");
        platform.DefaultRequestHeaders.Add(
            "X-Broker-API-Originating-Identity",
            "cloudfoundry " + Convert.ToBase64String("""{"user_id":"683ea748-3092-4ff4-b656-39cacc4d5360"}"""u8)
        );
        var context = new JsonObject
        {
            ["platform"] = "cloudfoundry",
            ["organization_guid"] = "org-1",
            ["organization_name"] = "Org One",
            ["organization_annotations"] = new JsonObject { ["example.com/cost-centre"] = "42" },
            ["space_guid"] = "space-1",
            ["space_name"] = "Space One",
            ["space_annotations"] = new JsonObject(),
            ["instance_name"] = "my-metrics",
            ["instance_annotations"] = new JsonObject(),
        };

        await LifecycleAsync(
            platform,
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["organization_guid"] = "org-1",
                ["space_guid"] = "space-1",
                ["context"] = context,
            },
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["parameters"] = new JsonObject(),
                ["context"] = context.DeepClone(),
                ["previous_values"] = new JsonObject
                {
                    ["plan_id"] = BrokerHost.SpacePlan,
                    ["service_id"] = BrokerHost.OfferingId,
                    ["organization_id"] = "org-1",
                    ["space_id"] = "space-1",
                    ["maintenance_info"] = null,
                },
            },
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["app_guid"] = "app-1",
                ["bind_resource"] = new JsonObject
                {
                    ["app_guid"] = "app-1",
                    ["space_guid"] = "space-1",
                    ["app_annotations"] = new JsonObject(),
                },
                ["context"] = context.DeepClone(),
            }
        );
    }

    [Fact]
    public async Task Osb_133_a_lifecycle_as_a_kubernetes_catalog_sends_it_is_served()
    {
        using var platform = broker.NewClient(version: "2.13");
        platform.DefaultRequestHeaders.Add(
            "X-Broker-API-Originating-Identity",
            "kubernetes "
                + Convert.ToBase64String("""{"username":"duke","uid":"c2dde242","groups":["admin","dev"],"extra":{"mydata":["data1"]}}"""u8)
        );
        var context = new JsonObject
        {
            ["platform"] = "kubernetes",
            ["clusterid"] = "cluster-1",
            ["namespace"] = "development",
            ["instance_name"] = "m",
        };

        await LifecycleAsync(
            platform,
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["organization_guid"] = "cluster-1",
                ["space_guid"] = "namespace-uid-1",
                ["context"] = context,
            },
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["context"] = context.DeepClone(),
            },
            new JsonObject
            {
                ["service_id"] = BrokerHost.OfferingId,
                ["plan_id"] = BrokerHost.SpacePlan,
                ["app_guid"] = "namespace-uid-1",
                ["bind_resource"] = new JsonObject { ["app_guid"] = "namespace-uid-1" },
                ["context"] = new JsonObject
                {
                    ["platform"] = "kubernetes",
                    ["clusterid"] = "cluster-1",
                    ["namespace"] = "development",
                },
            }
        );
    }

    [Fact]
    public async Task Osb_10_a_replay_under_another_user_is_identical()
    {
        using var other = broker.NewClient();
        other.DefaultRequestHeaders.Add(
            "X-Broker-API-Originating-Identity",
            "cloudfoundry " + Convert.ToBase64String("""{"user_id":"somebody-else"}"""u8)
        );
        var instance = await broker.InstanceAsync();
        var binding = instance + "/service_bindings/b";
        var bound = await broker.PutAsync(binding, BrokerHost.Bind());

        using var content = new StringContent(BrokerHost.Bind().ToJsonString(), Encoding.UTF8, "application/json");
        var replay = await BrokerResponse.ReadAsync(await other.PutAsync(binding, content));

        Assert.Equal(200, await SendAsync(other, HttpMethod.Put, instance, BrokerHost.Provision()));
        Assert.Equal((200, bound.Text), (replay.Status, replay.Text));
    }

    private static async Task LifecycleAsync(HttpClient platform, JsonObject provision, JsonObject update, JsonObject bind)
    {
        var instance = $"/v2/service_instances/{Guid.NewGuid()}";
        var binding = $"{instance}/service_bindings/{Guid.NewGuid()}";

        Assert.Equal(200, await SendAsync(platform, HttpMethod.Get, "/v2/catalog"));
        Assert.Equal(201, await SendAsync(platform, HttpMethod.Put, instance + "?accepts_incomplete=true", provision));
        Assert.Equal(200, await SendAsync(platform, HttpMethod.Get, instance));
        Assert.Equal(200, await SendAsync(platform, HttpMethod.Patch, instance + "?accepts_incomplete=true", update));
        Assert.Contains(await SendAsync(platform, HttpMethod.Put, binding + "?accepts_incomplete=true", bind), (int[])[201, 202]);
        Assert.Equal(200, await SendAsync(platform, HttpMethod.Get, binding + "/last_operation"));
        Assert.Equal(200, await SendAsync(platform, HttpMethod.Delete, BrokerHost.WithPlan(binding) + "&accepts_incomplete=true"));
        Assert.Equal(200, await SendAsync(platform, HttpMethod.Delete, BrokerHost.WithPlan(instance) + "&accepts_incomplete=true"));
    }

    private static async Task<int> SendAsync(HttpClient platform, HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }
        using var response = await platform.SendAsync(request);
        return (int)response.StatusCode;
    }
}
