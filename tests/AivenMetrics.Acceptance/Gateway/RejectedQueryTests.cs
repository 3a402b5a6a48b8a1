using System.Net;
using System.Text;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>Rejected requests get a response in the format of Prometheus' errors.</summary>
[Collection(nameof(TwoTenantCollection))]
public sealed class RejectedQueryTests(TwoTenantStack stack)
{
    private const int Mebibyte = 1024 * 1024;

    private QueryClient Tenant => stack.Forecast.Query;

    [Theory]
    [InlineData("GET", "/api/v1/query?query=sum(up", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query?query=up{", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query?query=", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query?query=up%ZZ", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query_range?query=up", 400, "bad_data")]
    [InlineData("GET", "/api/v1/series", 400, "bad_data")]
    [InlineData("GET", "/api/v1/series?match[]=sum(up)", 400, "bad_data")]
    [InlineData("GET", "/api/v1/label/1%01/values", 400, "bad_data")]
    [InlineData("GET", "/api/v1/query?query=up&query=up", 400, "bad_data")]
    [InlineData("GET", "/nothing/here", 404, "not_found")]
    [InlineData("DELETE", "/api/v1/series?match[]=up", 403, "forbidden")]
    [InlineData("POST", "/api/v1/admin/tsdb/delete_series?match[]=up", 403, "forbidden")]
    [InlineData("POST", "/api/v1/write", 403, "forbidden")]
    [InlineData("POST", "/-/reload", 403, "forbidden")]
    [InlineData("PUT", "/-/quit", 403, "forbidden")]
    [InlineData("GET", "/api/v1/status/config", 403, "forbidden")]
    [InlineData("PUT", "/api/v1/query?query=up", 405, "method_not_allowed")]
    [InlineData("PATCH", "/api/v1/labels", 405, "method_not_allowed")]
    public async Task An_invalid_request_is_rejected_with_the_reason(string method, string target, int status, string errorType)
    {
        var answer = await Tenant.SendAsync(new HttpMethod(method), target);

        AssertError(answer, status, errorType);
        Assert.Equal(HttpStatusCode.OK, (await Tenant.GetAsync("/api/v1/query?query=up")).Status);
    }

    [Fact]
    public async Task A_query_that_cannot_be_parsed_is_rejected_with_the_position()
    {
        var answer = await Tenant.GetAsync("/api/v1/query?query=up%20%2B%2B%20%5B");

        AssertError(answer, 400, "bad_data");
        Assert.Matches("[0-9]+:[0-9]+: parse error", answer.Json["error"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_body_of_more_than_one_mebibyte_is_rejected()
    {
        using var content = new StringContent("query=" + new string('x', Mebibyte), Encoding.UTF8, "application/x-www-form-urlencoded");

        AssertError(await Tenant.SendAsync(HttpMethod.Post, "/api/v1/query", content), 413, "bad_data");
    }

    [Fact]
    public async Task Only_the_users_own_password_is_accepted()
    {
        (var forecast, var beacons) = (stack.Forecast.Credentials, stack.Beacons.Credentials);
        (string?, string?)[] wrong =
        [
            (null, null),
            ("", ""),
            (forecast.Username, ""),
            (forecast.Username, beacons.Password),
            (forecast.Username, forecast.Password + "x"),
            (forecast.Username, forecast.Password[..^1]),
            (forecast.Username.ToUpperInvariant(), forecast.Password),
            ("nobody", forecast.Password),
            ("platform", stack.Stack.Configuration.Secret("broker-password")),
            (forecast.Username, "*"),
            ("*", "*"),
        ];
        foreach ((var username, var password) in wrong)
        {
            using var client = new QueryClient(stack.Stack.Configuration.GatewayUrl, username, password);
            var answer = await client.GetAsync("/api/v1/query?query=up");
            AssertError(answer, 401, "unauthorized");
            Assert.Contains("Basic", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    private static void AssertError(QueryResponse answer, int status, string errorType)
    {
        Assert.True((int)answer.Status == status, $"{(int)answer.Status} instead of {status}: {answer.Text}");
        var body = answer.Json;
        Assert.Equal(("error", errorType), (body["status"]!.GetValue<string>(), body["errorType"]!.GetValue<string>()));
        Assert.NotEmpty(body["error"]!.GetValue<string>());
        Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
    }
}
