using System.Globalization;
using System.Net;
using System.Text;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// A tenant with a valid credential tries to read the data of another through the whole product. The tests of the gateway scope
/// thousands of queries without a network; these tests send one query of each kind end to end.
/// </summary>
[Collection(nameof(TwoTenantCollection))]
public sealed class AttackTests(TwoTenantStack stack)
{
    private QueryClient Attacker => stack.Forecast.Query;

    /// <summary>Each query would have a value if any part of it selected the other tenant's series.</summary>
    public static TheoryData<string> QueriesForTheOthers =>
        [
            "up{space_id=\"VICTIM\"}",
            "up{space_id=\"VICTIM\",space_id=~\".*\"}",
            "{space_id=\"VICTIM\"}",
            "{__name__=~\".+\",space_id!=\"OWN\"}",
            "{space_id=~\"VICTIM|OWN\",space_id!~\"OWN\",__name__=\"up\"}",
            "sum_over_time(up{space_id=\"VICTIM\"}[5m])",
            "max_over_time(sum(up{space_id=\"VICTIM\"})[2m:1s])",
            "max_over_time(up{space_id=\"VICTIM\"}[1m] offset 1s)",
            "last_over_time(up{space_id=\"VICTIM\"}[2m] @ end())",
            "topk(scalar(count(up{space_id=\"VICTIM\"})), up)",
            "bottomk(scalar(count({space_id=\"VICTIM\"})), up)",
            "quantile(scalar(count(up{space_id=\"VICTIM\"})) / 100, up) >= 0",
            "count_values(\"v\", up{space_id=\"VICTIM\"})",
            "label_replace(up{space_id=\"VICTIM\"}, \"space_id\", \"OWN\", \"\", \"\")",
            "label_join(up{space_id=\"VICTIM\"}, \"space_id\", \"\", \"aiven_project\")",
            "up{space_id=\"OWN\"} and on() up{space_id=\"VICTIM\"}",
            "(up{space_id=\"OWN\"} unless up) or up{space_id=\"VICTIM\"}",
            "up * on() group_left() count(up{space_id=\"VICTIM\"})",
            "vector(scalar(count(up{space_id=\"VICTIM\"}))) > 0",
            "vector(1) unless on() absent(up{space_id=\"VICTIM\"})",
            "vector(1) unless on() absent_over_time(up{space_id=\"VICTIM\"}[5m])",
            "sort(sum by (aiven_service_name) (up) unless on (aiven_service_name) up{space_id=\"OWN\"})",
            "-up{space_id=\"VICTIM\"}",
            "(((up{space_id=\"VICTIM\"})))",
            "up{space_id=\"VICTIM\"} # up{space_id=\"OWN\"}",
            "up{space_id='VICTIM'}",
            "up{space_id=`VICTIM`,}",
            "sum without (space_id) (up{space_id=\"VICTIM\"})",
            "changes(up{space_id=\"VICTIM\"}[1m]) + 1",
        ];

    [Theory]
    [MemberData(nameof(QueriesForTheOthers))]
    public async Task No_query_has_a_value_from_another_tenant(string query)
    {
        var attack = Aimed(query);
        // Without a scope the query must have a result, or the attack would prove nothing.
        using var prometheus = stack.Stack.Prometheus();
        await Stack.WaitUntilAsync(
            "the question has an answer where nothing is scoped",
            async () => (await prometheus.PostAsync("/api/v1/query", ("query", attack))).Json["data"]!["result"]!.AsArray().Count > 0,
            TimeSpan.FromSeconds(10)
        );

        var instant = await Attacker.PostAsync("/api/v1/query", ("query", attack));
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var range = await Attacker.PostAsync(
            "/api/v1/query_range",
            ("query", attack),
            ("start", (now - 60).ToString(CultureInfo.InvariantCulture)),
            ("end", now.ToString(CultureInfo.InvariantCulture)),
            ("step", "5")
        );

        AssertNothingForeign(instant);
        AssertNothingForeign(range);
        // Prometheus itself answers a parameter that is not a number with 422.
        Assert.Empty(instant.Json["data"]?["result"]!.AsArray() ?? []);
    }

    [Theory]
    [InlineData("/api/v1/series?match[]=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/series?match[]=up&match[]=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/labels?match[]={space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/label/aiven_service_name/values")]
    [InlineData("/api/v1/label/space_id/values?match[]=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/label/__name__/values?match[]={space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query?query=up&query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query?query=up&tenant=VICTIM&space_id=VICTIM&match[]=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query?query=up%00{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query;x=1?query=up{space_id=\"VICTIM\"}")]
    [InlineData("//api/v1/query?query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/../v1/query?query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/%2e%2e/v1/query?query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/label/..%2f..%2fstatus%2fconfig/values")]
    [InlineData("/api/v1/label/__name__%2fvalues%3f/values")]
    [InlineData("/api\\v1\\query?query=up{space_id=\"VICTIM\"}")]
    [InlineData("/API/V1/query?query=up{space_id=\"VICTIM\"}")]
    [InlineData("/federate?match[]=up")]
    [InlineData("/graph?g0.expr=up")]
    [InlineData("/metrics")]
    [InlineData("/api/v1/targets")]
    [InlineData("/api/v1/rules")]
    [InlineData("/api/v1/alerts")]
    [InlineData("/api/v1/metadata")]
    [InlineData("/api/v1/status/config")]
    [InlineData("/api/v1/status/flags")]
    [InlineData("/api/v1/status/tsdb")]
    [InlineData("/api/v1/query_exemplars?query=up{space_id=\"VICTIM\"}&start=0&end=9999999999")]
    public async Task No_path_shows_another_tenant(string target) =>
        AssertNothingForeign(await Attacker.SendAsync(HttpMethod.Get, Aimed(target)));

    [Theory]
    [InlineData("/api/v1/query?query=up", "query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query", "query=up&query=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/series?match[]=up", "match[]=up{space_id=\"VICTIM\"}")]
    [InlineData("/api/v1/query", "QUERY=up{space_id=\"VICTIM\"}&query=up")]
    [InlineData("/api/v1/query", "query=up;query=up{space_id=\"VICTIM\"}")]
    public async Task No_mix_of_URL_and_body_shows_another_tenant(string target, string form)
    {
        using var content = new StringContent(Aimed(form), Encoding.UTF8, "application/x-www-form-urlencoded");

        AssertNothingForeign(await Attacker.SendAsync(HttpMethod.Post, target, content));
    }

    [Theory]
    [InlineData("X-Scope-OrgID", "VICTIM")]
    [InlineData("X-Forwarded-User", "VICTIM")]
    [InlineData("X-Original-URL", "/api/v1/status/config")]
    [InlineData("X-HTTP-Method-Override", "DELETE")]
    [InlineData("X-Prometheus-Scrape-Timeout-Seconds", "1")]
    [InlineData("THANOS-TENANT", "VICTIM")]
    [InlineData("Connection", "close, Authorization")]
    public async Task No_header_shows_another_tenant(string name, string value)
    {
        var answer = await Attacker.SendAsync(
            HttpMethod.Get,
            "/api/v1/query?query=count%20by%20(space_id)%20(up)",
            null,
            (name, Aimed(value))
        );

        AssertNothingForeign(answer);
        Assert.Contains(SeededServices.Forecast.Id, answer.Text, StringComparison.Ordinal);
    }

    private static string Aimed(string attack) =>
        attack
            .Replace("VICTIM", SeededServices.Beacons.Id, StringComparison.Ordinal)
            .Replace("OWN", SeededServices.Forecast.Id, StringComparison.Ordinal);

    private static void AssertNothingForeign(QueryResponse answer)
    {
        Assert.True(
            answer.Status is HttpStatusCode.OK or (>= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError),
            $"{(int)answer.Status} {answer.Text}"
        );
        if (answer.Status != HttpStatusCode.OK)
        {
            return;
        }

        Assert.DoesNotContain(SeededServices.Beacons.Id, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SeededServices.Beacons.OrganizationId, answer.Text, StringComparison.Ordinal);
        Assert.All(SeededServices.Scraped(SeededServices.Beacons), service =>
            Assert.DoesNotContain(service.ServiceInstanceId, answer.Text, StringComparison.Ordinal)
        );
        Assert.DoesNotContain("goversion", answer.Text, StringComparison.Ordinal);
    }
}
