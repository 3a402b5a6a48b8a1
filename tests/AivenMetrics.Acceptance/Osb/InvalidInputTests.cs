using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Acceptance.Osb;

/// <summary>Invalid requests of a platform get a clear 4xx in the format of OSB, and change nothing.</summary>
public sealed class InvalidInputTests(BrokerStackFixture stack) : IClassFixture<BrokerStackFixture>
{
    private const int Mebibyte = 1024 * 1024;

    private Platform Platform => stack.Stack.Platform;

    [Theory]
    [InlineData("""{"services":["da7aba5e-0009-4a10-8b09-00000000b109"]}""")]
    [InlineData("""{"services":["prod-da7aba5e-0009-4a10-8b09-00000000b109"]}""")]
    [InlineData("""{"services":["0e7e4700-0005-4a10-8b05-00000000a205"]}""")]
    public async Task A_foreign_service_gets_the_same_error_as_a_missing_one(string parameters)
    {
        var instance = await Platform.ProvisionAsync(
            SeededServices.Forecast.OrganizationId,
            SeededServices.Forecast.Id,
            Platform.ServicesPlan
        );
        var foreign = JsonNode.Parse(parameters)!["services"]![0]!.GetValue<string>();
        string nonexistent = new([.. foreign.Select(character => character == '0' ? '9' : character)]);

        var theirs = await Platform.TryBindAsync(instance, Guid.NewGuid().ToString(), Platform.ServicesPlan, false, foreign);
        var nobodys = await Platform.TryBindAsync(instance, Guid.NewGuid().ToString(), Platform.ServicesPlan, false, nonexistent);
        var mixed = await Platform.TryBindAsync(
            instance,
            Guid.NewGuid().ToString(),
            Platform.ServicesPlan,
            false,
            SeededServices.Service("forecast-db").ServiceInstanceId,
            foreign
        );

        Assert.Equal(
            (HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest),
            (theirs.Status, nobodys.Status, mixed.Status)
        );
        Assert.Equal(
            theirs.Body.ToJsonString().Replace(foreign, "?", StringComparison.Ordinal),
            nobodys.Body.ToJsonString().Replace(nonexistent, "?", StringComparison.Ordinal)
        );
        await AssertNothingWasCreatedAsync(instance, Platform.ServicesPlan);
    }

    [Fact]
    public async Task An_unknown_instance_is_reported_as_unknown()
    {
        (var instance, var binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());

        AssertRefused(await Platform.TryBindAsync(instance, binding), HttpStatusCode.NotFound);
        AssertRefused(await Platform.FetchAsync(instance, binding), HttpStatusCode.NotFound);
        AssertRefused(await Platform.SendAsync(HttpMethod.Get, $"/v2/service_instances/{instance}"), HttpStatusCode.NotFound);
        AssertRefused(await Platform.UnbindAsync(instance, binding), HttpStatusCode.Gone);
        AssertRefused(await Platform.DeprovisionAsync(instance), HttpStatusCode.Gone);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"service_id":1,"plan_id":"PLAN"}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":["PLAN"]}""")]
    [InlineData("""{"service_id":"SERVICE"}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"nothing"}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":"services"}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":"all"}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":[]}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":[17]}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":[".*"]}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":["x"],"organization_id":"other"}}""")]
    [InlineData("""{"service_id":"SERVICE","plan_id":"PLAN","parameters":{"services":["da7aba5e-0002-4a10-8b02-00000000a102\"|.*"]}}""")]
    public async Task A_malformed_bind_is_rejected(string body)
    {
        var instance = await Platform.ProvisionAsync(
            SeededServices.Forecast.OrganizationId,
            SeededServices.Forecast.Id,
            Platform.ServicesPlan
        );
        var (serviceId, planId) = await Platform.PlanAsync(Platform.ServicesPlan);
        var filled = body.Replace("SERVICE", serviceId, StringComparison.Ordinal).Replace("PLAN", planId, StringComparison.Ordinal);
        using var content = new StringContent(filled, Encoding.UTF8, "application/json");

        AssertRefused(
            await Platform.SendRawAsync(HttpMethod.Put, Platform.Path(instance, Guid.NewGuid().ToString()), content),
            HttpStatusCode.BadRequest
        );

        await AssertNothingWasCreatedAsync(instance, Platform.ServicesPlan);
    }

    [Fact]
    public async Task A_body_of_more_than_one_mebibyte_is_rejected_with_or_without_a_content_length()
    {
        var path = $"/v2/service_instances/{Guid.NewGuid()}";
        var body = Encoding.UTF8.GetBytes($"{{\"service_id\":\"{new string('x', Mebibyte)}\"}}");
        using var announced = new ByteArrayContent(body);
        announced.Headers.ContentType = new("application/json");
        using var chunked = new StreamContent(new MemoryStream(body));
        chunked.Headers.ContentType = new("application/json");
        chunked.Headers.ContentLength = null;

        AssertRefused(await Platform.SendRawAsync(HttpMethod.Put, path, announced), HttpStatusCode.RequestEntityTooLarge);
        AssertRefused(await Platform.SendRawAsync(HttpMethod.Put, path, chunked), HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("platform", "wrong")]
    [InlineData("platform", "")]
    [InlineData("PLATFORM", null)]
    [InlineData("", "")]
    public async Task Only_the_platforms_credentials_are_accepted_on_every_path(string username, string? password)
    {
        using var stranger = new Platform(
            stack.Stack.Configuration.BrokerUrl(0),
            username,
            password ?? stack.Stack.Configuration.Secret("broker-password")
        );

        AssertRefused(await stranger.SendAsync(HttpMethod.Get, "/v2/catalog"), HttpStatusCode.Unauthorized);
        AssertRefused(await stranger.SendAsync(HttpMethod.Delete, $"/v2/service_instances/{Guid.NewGuid()}"), HttpStatusCode.Unauthorized);
        AssertRefused(await stranger.SendAsync(HttpMethod.Get, "/v2/nothing"), HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("GET", "/v2/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v2/service_instances", HttpStatusCode.NotFound)]
    [InlineData("POST", "/v2/catalog", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/v2/service_instances/x", HttpStatusCode.MethodNotAllowed)]
    [InlineData("DELETE", "/v2/service_instances/x/last_operation", HttpStatusCode.MethodNotAllowed)]
    public async Task Unknown_paths_and_methods_are_rejected(string method, string path, HttpStatusCode status) =>
        AssertRefused(await Platform.SendAsync(new HttpMethod(method), path), status);

    [Theory]
    [InlineData(null)]
    [InlineData("1.0")]
    [InlineData("2.12")]
    [InlineData("two")]
    public async Task A_platform_of_another_version_is_rejected_with_the_reason(string? version)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, stack.Stack.Configuration.BrokerUrl(0) + "/v2/catalog");
        request.Headers.Authorization = new(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"platform:{stack.Stack.Configuration.Secret("broker-password")}"))
        );
        if (version is not null)
        {
            request.Headers.Add("X-Broker-API-Version", version);
        }

        using var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.PreconditionFailed, response.StatusCode);
        Assert.NotEmpty((await response.Content.ReadFromJsonAsync<JsonObject>())!["description"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_feeds_accept_only_their_own_token()
    {
        using var http = new HttpClient { BaseAddress = new Uri(stack.Stack.Configuration.BrokerUrl(0)) };
        foreach (
            (var feed, var token, var status) in ((string, string, HttpStatusCode)[])
                [
                    ("targets", "feed-discovery", HttpStatusCode.OK),
                    ("targets", "feed-gateway", HttpStatusCode.Forbidden),
                    ("targets", "aiven-token", HttpStatusCode.Unauthorized),
                    ("credentials", "feed-gateway", HttpStatusCode.OK),
                    ("credentials", "feed-discovery", HttpStatusCode.Forbidden),
                    ("credentials", "broker-password", HttpStatusCode.Unauthorized),
                ]
        )
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/feed/v1/{feed}");
            request.Headers.Authorization = new("Bearer", stack.Stack.Configuration.Secret(token));
            using var response = await http.SendAsync(request);
            Assert.True(response.StatusCode == status, $"{feed} with {token}: {response.StatusCode}");
        }
    }

    /// <summary>Asserts that no service has an integration, and that the instance can be deleted because it has no binding.</summary>
    private async Task AssertNothingWasCreatedAsync(string instance, string plan)
    {
        Assert.Empty(await stack.Stack.Simulator.IntegrationsAsync([.. DemoSeed.Services("demo")]));
        Assert.Equal(HttpStatusCode.OK, (await Platform.DeprovisionAsync(instance, plan)).Status);
    }

    private static void AssertRefused(OsbResponse answer, HttpStatusCode status)
    {
        Assert.True(answer.Status == status, $"{answer.Status} instead of {status}: {answer.Body}");
        // OSB: 410 has an empty object, every other rejection states the reason.
        if (status != HttpStatusCode.Gone)
        {
            Assert.NotEmpty(answer.Body["description"]!.GetValue<string>());
        }

        Assert.DoesNotContain("   at ", answer.Body.ToJsonString(), StringComparison.Ordinal);
    }
}
