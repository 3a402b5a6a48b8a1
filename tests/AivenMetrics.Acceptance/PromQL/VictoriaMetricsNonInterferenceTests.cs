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
/// MetricsQL reads our texts in its own way. A VictoriaMetrics that holds tenants A and B answers A's queries, scoped, as one that holds
/// only A; so it does with the scope in the text alone, and in its own filter alone. With LONG_TESTS many more queries.
/// </summary>
public sealed class VictoriaMetricsNonInterferenceTests(VictoriaMetricsNonInterferenceTests.Servers servers)
    : IClassFixture<VictoriaMetricsNonInterferenceTests.Servers>
{
    private static readonly int Queries = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 } ? 30_000 : 1_000;

    private static readonly long[] Lengths = [60_000, 300_000, 90_000, 1_800_000];

    private static readonly TenantScope OfA = new([new("space_id", MatchType.Equal, "A")]);

    private const string Belt = """{space_id="A"}""";

    private readonly PrometheusServer _both = servers.Both;
    private readonly PrometheusServer _alone = servers.Alone;

    /// <summary>One server that holds both tenants and one that holds only A.</summary>
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
    public async Task Without_a_scope_the_other_tenant_is_there_to_be_seen()
    {
        Assert.Contains(TwoTenantBlocks.MarkOfB, (await AskAsync(_both, "up", null, false)).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, (await AskAsync(_alone, "up", null, false)).Text, StringComparison.Ordinal);
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

        // Most others ask for labels that nothing has, or for functions that MetricsQL lacks.
        Assert.InRange(answered, Queries / 20, Queries);
    }

    /// <summary>Texts that are PromQL and mean, or could mean, more in MetricsQL.</summary>
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
    public async Task A_text_that_MetricsQL_could_read_otherwise_shows_nothing_of_others(string query) => await CompareAsync(query);

    /// <summary>With scoping bypassed: what MetricsQL has beyond PromQL, held by the filter alone.</summary>
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
    public async Task The_second_belt_holds_alone(string query)
    {
        foreach (var range in new[] { false, true })
        {
            var (seen, expected) = (await AskAsync(_both, query, Belt, range), await AskAsync(_alone, query, Belt, range));
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
    public async Task The_second_belt_holds_alone_on_the_paths_of_names_and_federation(string target)
    {
        var everything = await _both.Http.GetStringAsync(new Uri(target, UriKind.Relative));
        var belted = await _both.Http.GetStringAsync(new Uri(target + "&extra_filters[]=" + Uri.EscapeDataString(Belt), UriKind.Relative));

        if (!target.Contains("labels", StringComparison.Ordinal))
        {
            Assert.Contains("B\"", everything, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("B\"", belted, StringComparison.Ordinal);
    }

    /// <returns>True if the server answered with something.</returns>
    private async Task<bool> CompareAsync(string query)
    {
        var answered = false;
        var scoped = ScopeRewriter.Rewrite(query, OfA);
        foreach (var range in new[] { false, true })
        {
            var expected = await AskAsync(_alone, scoped, Belt, range);
            // As the gateway asks; with the first belt alone; and the tenant's own text with the second alone.
            foreach (var (text, belt) in new[] { (scoped, Belt), (scoped, null), (query, Belt) })
            {
                var seen = await AskAsync(_both, text, belt, range);
                Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, Outside(seen.Text, query), StringComparison.Ordinal);
                if (seen.Result == expected.Result || seen.GaveUp || expected.GaveUp)
                {
                    continue;
                }
                // Some answers depend on chance: those that the lone server itself does not repeat, asked the same.
                var (once, twice) = (await AskAsync(_alone, text, belt, range), await AskAsync(_alone, text, belt, range));
                if (once.Result != twice.Result)
                {
                    continue;
                }
                Assert.Equal((text, belt, once.Result), (text, belt, seen.Result));
            }

            answered |= expected.Result.Contains("\"metric\"", StringComparison.Ordinal);
        }

        return answered;
    }

    /// <summary>An answer may repeat what the tenant itself wrote, as errors and <c>absent</c> do; the comparison still holds it.</summary>
    private static string Outside(string text, string query) =>
        query.Contains(TwoTenantBlocks.MarkOfB, StringComparison.Ordinal) ? "" : text;

    private async Task<Answer> AskAsync(PrometheusServer server, string query, string? belt, bool range)
    {
        string At(long time) => time.ToString(CultureInfo.InvariantCulture);
        KeyValuePair<string, string>[] times = range
            ? [new("start", At(servers.End - 1800)), new("end", At(servers.End)), new("step", "120")]
            : [new("time", At(servers.End - 600))];
        KeyValuePair<string, string>[] filter = belt is null ? [] : [new("extra_filters[]", belt)];
        using var form = new FormUrlEncodedContent([new("query", query), .. times, .. filter]);
        using var response = await server.Http.PostAsync(new Uri(range ? "/api/v1/query_range" : "/api/v1/query", UriKind.Relative), form);
        var text = await response.Content.ReadAsStringAsync();
        var gaveUp =
            response.StatusCode != HttpStatusCode.OK
            && (text.Contains("exceed", StringComparison.Ordinal) || text.Contains("too many", StringComparison.Ordinal));
        return new Answer(text, response.StatusCode == HttpStatusCode.OK ? ResultIn(text) : $"{(int)response.StatusCode}", gaveUp);
    }

    /// <summary>
    /// The result without an order among series, and without the last digits, which depend on the order in which it adds.
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
