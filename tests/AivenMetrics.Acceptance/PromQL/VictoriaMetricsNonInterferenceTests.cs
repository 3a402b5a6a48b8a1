using System.Globalization;
using System.Net;
using System.Text.Json;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Programs;
using AivenMetrics.Testing.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Acceptance.PromQL;

/// <summary>
/// VictoriaMetrics parses queries as MetricsQL. With tenants A and B it answers A's scoped queries as one with only A does. The same holds
/// with the scope only in the query, and only in the extra filter. LONG_TESTS raises the number of queries.
/// </summary>
public sealed class VictoriaMetricsNonInterferenceTests(VictoriaMetricsNonInterferenceTests.Servers servers)
    : IClassFixture<VictoriaMetricsNonInterferenceTests.Servers>
{
    private static readonly int Queries = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 } ? 30_000 : 1_000;

    private static readonly long[] Lengths = [60_000, 300_000, 90_000, 1_800_000];

    private static readonly TenantScope OfA = new([new("space_id", MatchType.Equal, "A")]);

    private const string ExtraFilter = """{space_id="A"}""";

    private readonly PrometheusServer _both = servers.Both;
    private readonly PrometheusServer _alone = servers.Alone;

    /// <summary>One server with both tenants and one with only A.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private readonly TwoTenantBlocks _tenants = new(seed: 4, TimeProvider.System.GetUtcNow());

        internal PrometheusServer Both { get; private set; } = null!;

        internal PrometheusServer Alone { get; private set; } = null!;

        internal long End => _tenants.End;

        public async ValueTask InitializeAsync()
        {
            Both = await _tenants.VictoriaMetricsAsync(withB: true);
            Alone = await _tenants.VictoriaMetricsAsync(withB: false);
        }

        public async ValueTask DisposeAsync()
        {
            await Both.DisposeAsync();
            await Alone.DisposeAsync();
            _tenants.Dispose();
        }
    }

    [Fact]
    public async Task Without_a_scope_the_other_tenant_is_visible()
    {
        Assert.Contains(TwoTenantBlocks.MarkOfB, (await QueryAsync(_both, "up", null, false)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, (await QueryAsync(_alone, "up", null, false)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_queries_of_a_tenant_are_answered_as_if_it_were_alone()
    {
        var random = new Random(11);
        var choices = new byte[120];
        var answered = 0;
        for (var i = 0; i < Queries; i++)
        {
            random.NextBytes(choices);
            if (
                await CompareAsync(
                    Printer.Print(ExprGenerator.Build(choices, i % 2 == 0 ? Dialect.Prometheus242 : Dialect.Prometheus353, Lengths))
                )
            )
            {
                answered++;
            }
        }

        // Most other queries select labels that no series has, or use functions that MetricsQL does not have.
        Assert.InRange(answered, Queries / 20, Queries);
    }

    /// <summary>PromQL queries that have, or could have, another meaning in MetricsQL.</summary>
    [Theory]
    [InlineData("{or=\"x\"}")]
    [InlineData("{a=~\".+\",or!=\"x\"}")]
    [InlineData("{a=\"x\",or!=\"y\",__name__!=\"\"}")]
    [InlineData("{\"or\"!=\"x\",a=~\".+\"}")]
    [InlineData("{OR!=\"x\",a=~\".+\"}")]
    [InlineData("up{or=\"\"} or up{or=\"\"}")]
    [InlineData("{__name__=~\"up|sum|by\"}")]
    [InlineData("{__name__=\"up\\\"} or {mark=\\\"of-B\"}")]
    [InlineData("{\"up\\\"} or {mark\"}")]
    [InlineData("up{a=\"x\\\"} or up{mark=~\\\".+\"}")]
    [InlineData("up{a=~\"x|a b\\\\\\\\\"}")]
    [InlineData("up{\"a\\\"=~\\\".*\"=\"\"}")]
    [InlineData("up{\"mark\"=~\".+\"}")]
    [InlineData("up{__graphite__=\"*\"}")]
    [InlineData("{__graphite__=\"up\"}")]
    [InlineData("{vm_account_id=\"\",a=~\".+\"}")]
    [InlineData("with")]
    [InlineData("with + with")]
    [InlineData("sum by (with) (WITH)")]
    [InlineData("sum(default) + if")]
    [InlineData("keep_metric_names + default")]
    [InlineData("limit + ifnot")]
    [InlineData("sum(sum)")]
    [InlineData("sum by (by) (by)")]
    [InlineData("start + step")]
    [InlineData("up @ start()")]
    [InlineData("up offset -5m")]
    [InlineData("-up ^ 2 unless sum")]
    [InlineData("absent(up{mark=\"of-B\"})")]
    [InlineData("absent_over_time(up{mark=\"of-B\"}[5m])")]
    [InlineData("rate(up[5m])")]
    [InlineData("up[5m]")]
    [InlineData("up[5m:1m]")]
    [InlineData("max_over_time(rate(http_requests_total[5m])[10m:1m])")]
    [InlineData("topk(3, up)")]
    [InlineData("topk(scalar(up{mark=\"of-B\"}), up)")]
    [InlineData("quantile(scalar(max(up)) / 100, up)")]
    [InlineData("count_values(\"space_id\", up)")]
    [InlineData("label_replace(up, \"space_id\", \"B\", \"\", \"\")")]
    [InlineData("label_join(up, \"space_id\", \"\", \"mark\")")]
    [InlineData("histogram_quantile(0.9, up)")]
    [InlineData("up * on () group_left () sum(up{mark=\"of-B\"})")]
    [InlineData("up * on (job) group_left (mark) up")]
    [InlineData("vector(scalar(max(up)))")]
    [InlineData("time() + 1")]
    [InlineData("sort_desc(up)")]
    [InlineData("count({__name__!=\"\"})")]
    [InlineData("count(count by (__name__) ({a=~\".+\"}))")]
    [InlineData("info(up)")]
    [InlineData("limitk(3, up)")]
    [InlineData("limit_ratio(0.5, up)")]
    [InlineData("mad_over_time(up[5m])")]
    public async Task A_query_that_MetricsQL_could_parse_differently_shows_nothing_of_others(string query) => await CompareAsync(query);

    /// <summary>Queries with syntax of MetricsQL that PromQL does not have, isolated only by the filter.</summary>
    [Theory]
    [InlineData("up")]
    [InlineData("{__name__=~\".+\"}")]
    [InlineData("{space_id=\"A\" or space_id=\"B\"}")]
    [InlineData("{space_id=\"B\" or mark=\"of-B\"}")]
    [InlineData("up{space_id=\"B\"} or up{mark=\"of-B\"}")]
    [InlineData("WITH (x = up{space_id=\"B\"}) x or up")]
    [InlineData("union(up, up{space_id=\"B\"})")]
    [InlineData("(up, up{mark=\"of-B\"})")]
    [InlineData("up default sum")]
    [InlineData("rollup(up)")]
    [InlineData("rate({mark=~\".+\"}) keep_metric_names")]
    [InlineData("label_set(up, \"space_id\", \"A\")")]
    [InlineData("label_move(up{space_id=\"B\"}, \"space_id\", \"x\")")]
    [InlineData("count_values_over_time(\"x\", up)")]
    [InlineData("topk_avg(3, up)")]
    [InlineData("outliersk(3, up)")]
    [InlineData("absent(up{mark=\"of-B\"})")]
    [InlineData("up[5m]")]
    [InlineData("up[5m:1m]")]
    [InlineData("{__graphite__=\"*\"}")]
    [InlineData("subquery({mark=\"of-B\"}[5m:1m])")]
    [InlineData("histogram_over_time(up[10m])")]
    [InlineData("sum(up) by (mark) limit 10")]
    public async Task The_extra_filter_alone_isolates_tenants(string query)
    {
        foreach (var range in new[] { false, true })
        {
            var (seen, expected) = (
                await QueryAsync(_both, query, ExtraFilter, range),
                await QueryAsync(_alone, query, ExtraFilter, range)
            );
            Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, Outside(seen.Text, query), StringComparison.Ordinal);
            Assert.Equal(expected.Result, seen.Result);
        }
    }

    [Theory]
    [InlineData("/api/v1/series?match[]={__name__=~\".%2B\"}&start=1")]
    [InlineData("/api/v1/series?match[]={mark=\"of-B\"}&match[]=up&start=1")]
    [InlineData("/api/v1/labels?start=1")]
    [InlineData("/api/v1/label/mark/values?start=1")]
    [InlineData("/api/v1/label/mark/values?match[]={mark=\"of-B\"}&start=1")]
    [InlineData("/api/v1/label/space_id/values?start=1")]
    [InlineData("/federate?match[]={__name__=~\".%2B\"}&max_lookback=4h")]
    public async Task The_extra_filter_alone_isolates_label_names_and_federation(string target)
    {
        var everything = await _both.Http.GetStringAsync(new Uri(target, UriKind.Relative));
        var filtered = await _both.Http.GetStringAsync(
            new Uri(target + "&extra_filters[]=" + Uri.EscapeDataString(ExtraFilter), UriKind.Relative)
        );

        if (!target.Contains("labels", StringComparison.Ordinal))
        {
            Assert.Contains("B\"", everything, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("B\"", filtered, StringComparison.Ordinal);
    }

    /// <returns>True if the response contains data.</returns>
    private async Task<bool> CompareAsync(string query)
    {
        var answered = false;
        var scoped = ScopeRewriter.Rewrite(query, OfA);
        foreach (var range in new[] { false, true })
        {
            var expected = await QueryAsync(_alone, scoped, ExtraFilter, range);
            // The request of the gateway, one with only the scoped query, and one with the tenant's own query and only the filter.
            foreach (var (text, extraFilter) in new[] { (scoped, ExtraFilter), (scoped, null), (query, ExtraFilter) })
            {
                var seen = await QueryAsync(_both, text, extraFilter, range);
                Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, Outside(seen.Text, query), StringComparison.Ordinal);
                if (seen.Result == expected.Result || seen.GaveUp || expected.GaveUp)
                {
                    continue;
                }
                // Some responses are random. The server with one tenant does not repeat those either.
                var (once, twice) = (
                    await QueryAsync(_alone, text, extraFilter, range),
                    await QueryAsync(_alone, text, extraFilter, range)
                );
                if (once.Result != twice.Result)
                {
                    continue;
                }
                Assert.Equal((text, extraFilter, once.Result), (text, extraFilter, seen.Result));
            }

            answered |= expected.Result.Contains("\"metric\"", StringComparison.Ordinal);
        }

        return answered;
    }

    /// <summary>A response may repeat the tenant's own query, as errors and <c>absent</c> do. The comparison includes it.</summary>
    private static string Outside(string text, string query) =>
        query.Contains(TwoTenantBlocks.MarkOfB, StringComparison.Ordinal) ? "" : text;

    private async Task<Answer> QueryAsync(PrometheusServer server, string query, string? extraFilter, bool range)
    {
        string At(long time) => time.ToString(CultureInfo.InvariantCulture);
        KeyValuePair<string, string>[] times = range
            ? [new("start", At(servers.End - 1800)), new("end", At(servers.End)), new("step", "120")]
            : [new("time", At(servers.End - 600))];
        KeyValuePair<string, string>[] filter = extraFilter is null ? [] : [new("extra_filters[]", extraFilter)];
        using var form = new FormUrlEncodedContent([new("query", query), .. times, .. filter]);
        using var response = await server.Http.PostAsync(new Uri(range ? "/api/v1/query_range" : "/api/v1/query", UriKind.Relative), form);
        var text = await response.Content.ReadAsStringAsync();
        var gaveUp =
            response.StatusCode != HttpStatusCode.OK
            && (text.Contains("exceed", StringComparison.Ordinal) || text.Contains("too many", StringComparison.Ordinal));
        return new Answer(text, response.StatusCode == HttpStatusCode.OK ? ResultIn(text) : $"{(int)response.StatusCode}", gaveUp);
    }

    /// <summary>
    /// Returns the result with its series sorted, and without the last digits, which depend on the order of additions.
    /// </summary>
    private static string ResultIn(string text)
    {
        using var json = JsonDocument.Parse(text);
        var result = json.RootElement.GetProperty("data").GetProperty("result");
        return string.Join('\n', result.EnumerateArray().Select(Rounded).Order(StringComparer.Ordinal));
    }

    private static string Rounded(JsonElement series)
    {
        var samples = series.TryGetProperty("values", out var values)
            ? values.EnumerateArray()
            : (IEnumerable<JsonElement>)[series.GetProperty("value")];
        var rounded = samples.Select(sample =>
            double.TryParse(sample[1].GetString(), CultureInfo.InvariantCulture, out var value)
                ? string.Create(CultureInfo.InvariantCulture, $"{sample[0].GetRawText()} {value:G10}")
                : sample.GetRawText()
        );
        return $"{{\"metric\":{series.GetProperty("metric").GetRawText()}}} {string.Join(' ', rounded)}";
    }

    private readonly record struct Answer(string Text, string Result, bool GaveUp);
}
