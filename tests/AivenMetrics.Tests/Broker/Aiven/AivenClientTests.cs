using System.Diagnostics;
using AivenMetrics.Broker.Aiven;
using Xunit;

namespace AivenMetrics.Tests.Broker.Aiven;

public sealed class AivenClientTests
{
    private const string Html408 =
        "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a complete request in time.</body></html>";
    private const string RateLimit =
        """{"errors":[{"message":"x","status":429}],"message":"The user has sent too many requests in a given amount of time: """
        + """Rate limit 120 exceeded - try again in 1s"}""";

    private static readonly AivenBasicAuth Credentials = new("prom0123456789ab", "password-that-must-not-leak");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_list_is_requested_with_the_token_and_without_secrets()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        await aiven.Client().ListServicesAsync("a/b c", Ct);
        var request = Assert.Single(aiven.Requests);
        Assert.Equal("/v1/project/a%2Fb%20c/service?include_secrets=false", request.Target);
        Assert.Equal("aivenv1 token-that-must-not-leak", request.Authorization);
    }

    [Fact]
    public async Task A_service_is_parsed_leniently()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(
            200,
            """
            {"services":[
              {"service_name":"bare","service_type":"pg","state":"A_NEW_STATE"},
              {"service_name":"full","service_type":"kafka","state":"RUNNING","plan":"business-4","node_count":"3","surprise":{"a":[1]},
               "tags":{"space_id":"s"},"service_uri_params":{"host":"h","port":"23125","password":"<redacted>"},"service_uri":null,
               "components":[{"component":"prometheus","host":"h","port":9273,"route":"dynamic","usage":"primary","ssl":true}],
               "service_integrations":[{"service_integration_id":null,"integration_type":"prometheus","enabled":false,"active":false},
                 {"service_integration_id":"i1","integration_type":"prometheus","enabled":true,"active":true,"dest_endpoint_id":"e1",
                  "integration_status":null}]}
            ],"errors":[]}
            """
        );
        var services = await aiven.Client().ListServicesAsync("demo", Ct);
        Assert.Equal(["bare", "full"], services.Select(service => service.ServiceName));
        Assert.Null(services[0].ServiceIntegrations);
        Assert.Equal(
            (3, "h", "s", 9273, "i1"),
            (
                services[1].NodeCount,
                services[1].ServiceUriParams!.Host,
                services[1].Tags!["space_id"],
                services[1].Components![0].Port,
                services[1].ServiceIntegrations![1].ServiceIntegrationId
            )
        );
    }

    [Theory]
    [InlineData("""{"message":"hello"}""")]
    [InlineData("""{"services":null}""")]
    [InlineData("""{"services":[{"service_type":"pg","state":"RUNNING"}]}""")]
    [InlineData("""{"services":[{"service_name":"pg-1",""")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("<html></html>")]
    public async Task A_response_without_well_formed_services_is_an_error_and_not_an_empty_list(string body)
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(200, body);
        await Assert.ThrowsAsync<AivenUnreachableException>(() =>
            aiven.Client(options => options.Retries = 0).ListServicesAsync("demo", Ct)
        );
    }

    [Fact]
    public async Task Transient_errors_of_every_kind_are_retried()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven
            .Answers(408, Html408, "text/html")
            .Answers(500, "")
            .Answers(503, """{"message":"An error occurred. Please try again later.","errors":["odd"]}""")
            .Breaks()
            .Answers(200, """{"services":[{"service_name":"pg""")
            .Hangs()
            .Answers(200, """{"services":[]}""");
        var client = aiven.Client(options => (options.Retries, options.TryTimeout) = (6, TimeSpan.FromSeconds(2)));
        Assert.Empty(await client.ListServicesAsync("demo", Ct));
        Assert.Equal(7, aiven.Requests.Count);
    }

    [Fact]
    public async Task The_wait_in_the_text_of_the_error_is_respected()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(429, RateLimit).Answers(200, """{"services":[]}""");
        var began = Stopwatch.GetTimestamp();
        await aiven.Client().ListServicesAsync("demo", Ct);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.95, 10);
        Assert.Equal(2, aiven.Requests.Count);
    }

    [Fact]
    public async Task The_wait_in_the_header_of_the_error_is_respected_by_all_calls()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(429, "{}", retryAfter: "1").Answers(200, """{"services":[]}""");
        var client = aiven.Client();
        var began = Stopwatch.GetTimestamp();
        var first = client.ListServicesAsync("demo", Ct);
        while (aiven.Requests.IsEmpty)
        {
            await Task.Delay(5, Ct);
        }
        await Task.Delay(100, Ct);
        await client.ListServicesAsync("another", Ct);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 10);
        await first;
    }

    [Fact]
    public async Task A_wait_longer_than_a_minute_is_left_to_the_next_cycle()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(429, "{}", retryAfter: "3000");
        var refusal = await Assert.ThrowsAsync<AivenException>(() => aiven.Client().ListServicesAsync("demo", Ct));
        Assert.Equal((429, TimeSpan.FromSeconds(3000)), (refusal.Error.Status, refusal.RetryAfter!.Value));
        Assert.Single(aiven.Requests);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    public async Task A_rejected_call_is_not_repeated(int status)
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(status, """{"errors":[{"message":"Invalid token","status":1,"error_code":"authentication_failed"}]}""");
        var refusal = await Assert.ThrowsAsync<AivenException>(() => aiven.Client().ListServicesAsync("demo", Ct));
        Assert.Equal(new AivenError(status, "authentication_failed", "Invalid token"), refusal.Error);
        Assert.Single(aiven.Requests);
    }

    [Fact]
    public async Task A_creating_call_is_repeated_after_a_429()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(429, "{}").Answers(200, """{"service_integration":{"service_integration_id":"i1","enabled":true,"active":false}}""");
        var integration = await aiven.Client().CreateIntegrationAsync("demo", "pg-1", "e1", Ct);
        Assert.Equal("i1", integration.ServiceIntegrationId);
        Assert.Equal(
            ["""{"integration_type":"prometheus","source_service":"pg-1","dest_endpoint_id":"e1"}"""],
            aiven.Requests.Select(request => request.Body).Distinct()
        );
        Assert.Equal(2, aiven.Requests.Count);
    }

    [Theory]
    [InlineData("500")]
    [InlineData("408")]
    [InlineData("hang")]
    [InlineData("break")]
    [InlineData("truncated")]
    [InlineData("total timeout")]
    public async Task A_creating_call_with_an_unknown_outcome_is_not_repeated(string fault)
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        _ = fault switch
        {
            "500" => aiven.Answers(500, "{}"),
            "408" => aiven.Answers(408, Html408, "text/html"),
            "break" => aiven.Breaks(),
            "truncated" => aiven.Answers(200, """{"service_integration":{"""),
            _ => aiven.Hangs(),
        };
        var client = aiven.Client(options =>
        {
            if (fault == "hang")
            {
                options.TryTimeout = TimeSpan.FromSeconds(1.5);
            }
            if (fault == "total timeout")
            {
                options.TotalTimeout = TimeSpan.FromSeconds(1.5);
            }
        });
        await Assert.ThrowsAsync<AivenOutcomeUnknownException>(() => client.CreateIntegrationAsync("demo", "pg-1", "e1", Ct));
        Assert.Single(aiven.Requests);
    }

    [Fact]
    public async Task A_creating_call_without_a_connection_is_reported_as_unreachable()
    {
        var aiven = await ScriptedAiven.StartAsync();
        var client = aiven.Client();
        await aiven.DisposeAsync();
        await Assert.ThrowsAsync<AivenUnreachableException>(() => client.CreateIntegrationAsync("demo", "pg-1", "e1", Ct));
    }

    [Fact]
    public async Task Deleting_a_missing_object_and_setting_an_equal_value_succeed()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven
            .Answers(404, """{"message":"Service integration does not exist"}""")
            .Answers(400, """{"message":"User config not changed"}""");
        await aiven.Client().DeleteIntegrationAsync("demo", "i1", Ct);
        await aiven.Client().UpdateEndpointAsync("demo", "e1", Credentials, Ct);
        Assert.Equal(
            ["DELETE /v1/project/demo/integration/i1", "PUT /v1/project/demo/integration_endpoint/e1"],
            aiven.Requests.Select(request => $"{request.Method} {request.Target}")
        );
    }

    [Fact]
    public async Task Eligible_types_are_those_of_either_list()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven
            .Answers(
                200,
                """
                {"endpoint_types":[{"endpoint_type":"prometheus","service_types":["pg"]},
                  {"endpoint_type":"datadog","service_types":["flink"]}]}
                """
            )
            .Answers(
                200,
                """
                {"integration_types":[{"integration_type":"prometheus","source_service_types":["kafka","pg"]},
                  {"integration_type":"logs","source_service_types":["m3db"]}]}
                """
            );
        Assert.Equal(["kafka", "pg"], (await aiven.Client().ListEligibleServiceTypesAsync("demo", Ct)).Order());
    }

    [Theory]
    [InlineData(
        """{"message":"bad config: {\"basic_auth_password\":\"password-that-must-not-leak\"} for token-that-must-not-leak"}""",
        "application/json"
    )]
    [InlineData("""{"message":"plain","raw":"password-that-must-not-leak"}""", "application/json")]
    [InlineData("<pre>password-that-must-not-leak token-that-must-not-leak</pre>", "text/html")]
    public async Task No_error_contains_a_secret_of_the_request(string body, string type)
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        aiven.Answers(400, body, type);
        var refusal = await Assert.ThrowsAsync<AivenException>(() =>
            aiven.Client().CreateEndpointAsync("demo", "aiven-metrics", Credentials, Ct)
        );
        Assert.DoesNotContain("must-not-leak", refusal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("must-not-leak", refusal.Error.ToString(), StringComparison.Ordinal);
        Assert.Contains("password-that-must-not-leak", Assert.Single(aiven.Requests).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_many_failures_calls_pause_for_that_project_only_and_resume_later()
    {
        await using var aiven = await ScriptedAiven.StartAsync();
        var healthy = true;
        aiven.Does(context =>
        {
            var fails = !healthy && context.Request.Path.StartsWithSegments("/v1/project/demo");
            context.Response.StatusCode = fails ? 503 : 200;
            return Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, fails ? "" : """{"services":[]}""");
        });
        var client = aiven.Client(options => options.BreakDuration = TimeSpan.FromMilliseconds(600));
        healthy = false;
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<AivenException>(() => client.ListServicesAsync("demo", Ct));
        }
        var sent = aiven.Requests.Count;
        await Assert.ThrowsAsync<AivenUnreachableException>(() => client.ListServicesAsync("demo", Ct));
        Assert.Equal(sent, aiven.Requests.Count);
        Assert.Empty(await client.ListServicesAsync("other", Ct));

        healthy = true;
        await Task.Delay(700, Ct);
        Assert.Empty(await client.ListServicesAsync("demo", Ct));
    }
}
