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
/// A Prometheus that holds tenants A and B answers A's queries, scoped, exactly as one that holds only A. Random queries of the whole
/// grammar, to servers of 2.42 and of 3.5; with LONG_TESTS many more.
/// </summary>
public sealed class NonInterferenceTests : IAsyncLifetime
{
    private static readonly int Queries = Environment.GetEnvironmentVariable("LONG_TESTS") is { Length: > 0 } ? 5000 : 400;

    private static readonly long[] Lengths = [60_000, 300_000, 90_000, 1_800_000];

    private static readonly TenantScope OfA = new([new("space_id", MatchType.Equal, "A")]);

    private readonly TwoTenantBlocks _tenants = new(seed: 4, TimeProvider.System.GetUtcNow());

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _tenants.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_Prometheus_2_answers_a_tenant_as_if_it_were_alone()
    {
        await using var both = await PrometheusServer.StartPrometheus2Async(_tenants.Flags(withB: true));
        await using var alone = await PrometheusServer.StartPrometheus2Async(_tenants.Flags(withB: false));
        await CompareAsync(both, alone, Dialect.Prometheus242);
    }

    [Fact]
    public async Task A_Prometheus_3_answers_a_tenant_as_if_it_were_alone()
    {
        await using var both = await PrometheusServer.StartPrometheus3Async(_tenants.Flags(withB: true));
        await using var alone = await PrometheusServer.StartPrometheus3Async(_tenants.Flags(withB: false));
        await CompareAsync(both, alone, Dialect.Prometheus353);

        // info reads series that the query does not name. B's have the same jobs and instances as A's, and as those in random queries.
        string[] queries =
        [
            "info(up)",
            "info(up, {mark=~\".*\"})",
            "info(up, {__name__=\"target_info\"})",
            "info(up, {mark=\"of-B\"})",
            "info(up, {})",
            "info(label_replace(up, \"instance\", \"é\", \"\", \"\"))",
            "info(sum by (job, instance) (up), {mark=~\".+\"})",
            "info(label_replace(vector(1), \"job\", \"x\", \"\", \"\"), {mark=~\".*\"})",
            "info(info(up), {__name__=~\".+\", mark=~\".+\"})",
        ];
        foreach (var query in queries)
        {
            await CompareAsync(both, alone, query);
        }
        Assert.True(await ShowsBAsync(both, "info(sum by (job, instance) (up), {mark=~\".+B\"})"), "The test has no info to steal.");
    }

    private async Task CompareAsync(PrometheusServer both, PrometheusServer alone, Dialect dialect)
    {
        // Without a scope the other tenant is visible.
        Assert.True(await ShowsBAsync(both, "up"));
        Assert.False(await ShowsBAsync(alone, "up"));

        var random = new Random(11);
        var choices = new byte[120];
        var answered = 0;
        for (var i = 0; i < Queries; i++)
        {
            random.NextBytes(choices);
            if (await CompareAsync(both, alone, Printer.Print(ExprGenerator.Build(choices, dialect, Lengths))))
            {
                answered++;
            }
        }
        // Most other queries select labels that no series has, or match many with many.
        Assert.InRange(answered, Queries / 10, Queries);
    }

    /// <returns>True if the responses contain data.</returns>
    private async Task<bool> CompareAsync(PrometheusServer both, PrometheusServer alone, string query)
    {
        var answered = false;
        foreach (var range in new[] { false, true })
        {
            var scoped = ScopeRewriter.Rewrite(query, OfA);
            var (seen, expected) = (await QueryAsync(both, scoped, range), await QueryAsync(alone, scoped, range));
            Assert.DoesNotContain(TwoTenantBlocks.MarkOfB, Outside(seen.Text, scoped), StringComparison.Ordinal);
            // A response of a server that exceeded its time or memory says nothing about the tenants.
            if (seen.GaveUp || expected.GaveUp)
            {
                continue;
            }
            if (seen.Result != expected.Result)
            {
                // Some responses depend on the order of Go's maps. The server with one tenant does not repeat those either.
                var (again, onceMore) = (await QueryAsync(alone, scoped, range), await QueryAsync(alone, scoped, range));
                if (again.Result != expected.Result || onceMore.Result != expected.Result)
                {
                    continue;
                }
            }
            Assert.Equal((scoped, expected.Result), (scoped, seen.Result));
            answered |= expected.Result.Contains("\"metric\"", StringComparison.Ordinal);
        }
        return answered;
    }

    private async Task<bool> ShowsBAsync(PrometheusServer server, string query) =>
        (await QueryAsync(server, query, range: false)).Text.Contains(TwoTenantBlocks.MarkOfB, StringComparison.Ordinal);

    /// <summary>An error may repeat the tenant's own query.</summary>
    private static string Outside(string text, string query) =>
        query.Contains(TwoTenantBlocks.MarkOfB, StringComparison.Ordinal) ? "" : text;

    private async Task<Answer> QueryAsync(PrometheusServer server, string query, bool range)
    {
        string At(long time) => time.ToString(CultureInfo.InvariantCulture);
        KeyValuePair<string, string>[] times = range
            ? [new("start", At(_tenants.End - 1800)), new("end", At(_tenants.End)), new("step", "120")]
            : [new("time", At(_tenants.End - 600))];
        using var form = new FormUrlEncodedContent([new("query", query), .. times]);
        var path = new Uri(range ? "/api/v1/query_range" : "/api/v1/query", UriKind.Relative);
        using var response = await server.Http.PostAsync(path, form);
        var text = await response.Content.ReadAsStringAsync();
        var gaveUp =
            response.StatusCode == HttpStatusCode.ServiceUnavailable || text.Contains("too many samples", StringComparison.Ordinal);
        return new Answer(text, response.StatusCode == HttpStatusCode.OK ? ResultIn(text) : $"{(int)response.StatusCode}", gaveUp);
    }

    /// <summary>Returns the result with its series sorted.</summary>
    private static string ResultIn(string text)
    {
        using var json = JsonDocument.Parse(text);
        var data = json.RootElement.GetProperty("data");
        var result = data.GetProperty("result");
        var isVector = data.GetProperty("resultType").GetString() is "vector" or "matrix";
        return isVector
            ? string.Join('\n', result.EnumerateArray().Select(series => series.GetRawText()).Order(StringComparer.Ordinal))
            : result.GetRawText();
    }

    private readonly record struct Answer(string Text, string Result, bool GaveUp);
}
