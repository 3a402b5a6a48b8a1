using AivenMetrics.Gateway.Configuration;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Gateway;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Scoping;

/// <summary>
/// Raw requests from <c>Cases/attacks</c>, sent unchanged over a socket. Whatever the response, each request to a Prometheus uses a
/// served path, and every selector in it carries the tenant's own scope.
/// </summary>
public sealed class AttackTests
{
    private static readonly string Authorization = RunningGateway.Basic(RunningGateway.TenantA).ToString();
    private static readonly LabelMatcher OwnScope = new("space_id", MatchType.Equal, "a");

    public static TheoryData<string, string> Attacks() => RawAttack.All();

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task No_attack_reaches_another_tenant(string file, string sentence)
    {
        var attack = RawAttack.Find(file, sentence);
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(prometheus.Url);

        var answer = await gateway.SendRawAsync(attack.Bytes(Authorization));

        Assert.Contains(RawAttack.StatusOf(answer), attack.Status);
        Assert.DoesNotContain("   at ", answer);
        Assert.True(prometheus.Requests.Count <= attack.Upstream, $"{prometheus.Requests.Count} requests reached the Prometheus");
        Assert.All(prometheus.Requests, AssertScoped);
    }

    /// <summary>
    /// The same attacks with VictoriaMetrics, which gets the scope a second time as a filter, and only requests for paths that it supports.
    /// </summary>
    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task No_attack_removes_the_extra_filter(string file, string sentence)
    {
        var attack = RawAttack.Find(file, sentence);
        await using var engine = await ScriptedPrometheus.StartAsync();
        engine.Version = "2.24.0";
        await using var gateway = await RunningGateway.StartAsync(tenants => new GatewayOptions
        {
            Prometheus = [engine.Url],
            TenantsFile = tenants,
            Engine = QueryEngine.VictoriaMetrics,
        });

        var answer = await gateway.SendRawAsync(attack.Bytes(Authorization));

        var code = RawAttack.StatusOf(answer);
        Assert.True(code is >= 200 and < 500 || attack.Status.Contains(code), answer);
        Assert.True(engine.Requests.Count <= attack.Upstream, $"{engine.Requests.Count} requests reached the server");
        Assert.All(engine.Requests, request =>
        {
            Assert.Matches("^/api/v1/(query|query_range|series|labels|targets|rules|alerts|label/[^/]+/values)$|^/federate$", request.Path);
            // These lists support no filter: the gateway requests those of all tenants and filters them.
            if (request.Path is not ("/api/v1/targets" or "/api/v1/rules" or "/api/v1/alerts"))
            {
                Assert.Equal(["{space_id=\"a\"}"], request.Parameters["extra_filters[]"].ToArray());
            }
            AssertScoped(request);
        });
    }

    [Fact]
    public void The_corpus_is_complete() => Assert.True(Attacks().Count >= 250, "attacks are missing");

    /// <summary>Asserts that a request uses a served path and carries the scope of tenant a in every selector.</summary>
    internal static void AssertScoped(ReceivedRequest request)
    {
        Assert.Matches(
            "^/api/v1/(query|query_range|query_exemplars|format_query|read|series|labels|targets|targets/metadata|rules|alerts"
                + "|status/flags|status/runtimeinfo|label/[^/]+/values|parse_query|features)$|^/federate$",
            request.Path
        );
        Assert.All(request.Parameters.Keys, name =>
            Assert.Contains(
                name,
                new[]
                {
                    "query",
                    "match[]",
                    "match_target",
                    "metric",
                    "state",
                    "type",
                    "exclude_alerts",
                    "extra_filters[]",
                    "time",
                    "timeout",
                    "limit",
                    "lookback_delta",
                    "stats",
                    "start",
                    "end",
                    "step",
                }
            )
        );
        Assert.Subset(
            new HashSet<string>(
                [
                    "Accept",
                    "Accept-Encoding",
                    "Content-Encoding",
                    "Content-Length",
                    "Content-Type",
                    "Host",
                    "User-Agent",
                    "X-Prometheus-Remote-Read-Version",
                    "traceparent",
                    "tracestate",
                ],
                StringComparer.OrdinalIgnoreCase
            ),
            new HashSet<string>(request.Headers.Keys, StringComparer.OrdinalIgnoreCase)
        );
        Assert.All(request.Parameters.Where(p => p.Key != "match[]"), p => Assert.Single(p.Value.ToArray()));
        // Their responses contain no series, or the gateway filters them.
        if (
            request.Path
            is "/api/v1/format_query"
                or "/api/v1/parse_query"
                or "/api/v1/features"
                or "/api/v1/targets"
                or "/api/v1/rules"
                or "/api/v1/alerts"
                or "/api/v1/status/flags"
                or "/api/v1/status/runtimeinfo"
        )
        {
            return;
        }
        if (request.Path == "/api/v1/read")
        {
            RemoteReadTests.AssertScoped(request, "a");
            return;
        }

        if (request.Query is null)
        {
            Assert.NotEmpty(request.Matches.Concat(request.MatchTarget));
        }
        Assert.All(UpstreamSelectors.In(request), selector => Assert.Contains(OwnScope, selector.Matchers.AsSpan().ToArray()));
    }
}
