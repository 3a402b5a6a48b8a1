using System.Net;
using System.Text;
using System.Text.Json;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.PromQL;
using AivenMetrics.Tests.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Acceptance.PromQL;

/// <summary>
/// Our reading of PromQL against that of the real thing. Prometheus answers 400 to what it cannot read, and format_query shows how it read
/// what
/// it can, so two texts with the same format mean the same to it. Random queries are only formatted: some would take hours to evaluate.
/// </summary>
public sealed class PrometheusAgreesTests : IAsyncLifetime
{
    private const int Generated = 400, Mutated = 1500;

    private static readonly TenantScope Space = new([new("space_id", MatchType.Equal, "a \"space\""), new("org", MatchType.Regex, "a|b")]);

    private PrometheusServer prometheus = null!;

    public async ValueTask InitializeAsync()
    {
        prometheus = await PrometheusServer.StartAsync("global: {}\n");
        var buildinfo = await prometheus.Http.GetStringAsync(new Uri("/api/v1/status/buildinfo", UriKind.Relative));
        var right = buildinfo.Contains("\"version\":\"2.42.", StringComparison.Ordinal);
        Assert.True(right, $"These tests hold for Prometheus 2.42, not for {buildinfo}");
    }

    public async ValueTask DisposeAsync()
    {
        if (prometheus is not null) await prometheus.DisposeAsync();
    }

    [Fact]
    public async Task The_corpus_is_what_Prometheus_says()
    {
        foreach (var query in Corpus.Accepted) Assert.True(await AcceptsAsync(query), $"Prometheus refuses {query}");
        foreach (var query in Corpus.Refused) Assert.False(await AcceptsAsync(query), $"Prometheus accepts {query}");
    }

    [Fact]
    public async Task Our_print_of_the_corpus_means_the_same_to_Prometheus()
    {
        foreach (var query in Corpus.Accepted)
        {
            var print = Printer.Print(PromQLParser.Parse(query));
            Assert.Equal((query, await FormatAsync(query)), (query, await FormatAsync(print)));
        }
    }

    [Fact]
    public async Task The_scoped_corpus_is_still_PromQL()
    {
        foreach (var query in Corpus.Accepted)
        {
            var scoped = Printer.Print(Scope.Apply(PromQLParser.Parse(query), Space));
            Assert.True(await AcceptsAsync(scoped), $"Prometheus refuses {scoped}");
        }
    }

    [Fact]
    public async Task Generated_queries_are_accepted_and_what_Prometheus_makes_of_them_reads_the_same_to_us()
    {
        var random = new Random(242);
        var choices = new byte[200];
        for (var i = 0; i < Generated; i++)
        {
            random.NextBytes(choices);
            var text = Printer.Print(ExprGenerator.Build(choices));
            // Prometheus prints U+FFFD bare, and then neither of us can read it again.
            var formatted = await FormatAsync(text);
            if (formatted.Contains('\uFFFD', StringComparison.Ordinal))
                Assert.Throws<PromQLParseException>(() => PromQLParser.Parse(formatted));
            else
                Assert.Equal(await FormatAsync(formatted), await FormatAsync(Printer.Print(PromQLParser.Parse(formatted))));
        }
    }

    [Fact]
    public async Task Mutated_queries_are_accepted_by_both_or_by_neither()
    {
        var random = new Random(2023);
        var sources = Corpus.Accepted.Concat(Corpus.Refused).Where(query => query.Length < 200).ToArray();
        for (var i = 0; i < Mutated; i++)
        {
            var text = new StringBuilder(sources[random.Next(sources.Length)]);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var other = sources[random.Next(sources.Length)];
                var at = random.Next(text.Length + 1);
                if (random.Next(2) == 0) text.Remove(at, Math.Min(text.Length - at, random.Next(1, 4)));
                else text.Insert(at, other.AsSpan(random.Next(other.Length), 1));
            }
            await AgreeOnAsync(text.ToString());
        }
    }

    private async Task AgreeOnAsync(string query)
    {
        string? ours;
        try
        {
            ours = Printer.Print(PromQLParser.Parse(query));
        }
        catch (PromQLParseException)
        {
            ours = null;
        }

        var (status, answer) = await AskAsync("/api/v1/format_query", query);
        if (ours is null)
        {
            Assert.True(status == HttpStatusCode.BadRequest, $"Only Prometheus accepts {query}");
            return;
        }
        // Some expressions of RE2 only its compiler can refuse; it does so when we forward them.
        if (status == HttpStatusCode.BadRequest && answer.Contains("error parsing regexp", StringComparison.Ordinal)) return;
        Assert.True(status != HttpStatusCode.BadRequest, $"Only we accept {query}: {answer}");
        Assert.Equal((query, await FormatAsync(query)), (query, await FormatAsync(ours)));
    }

    private async Task<bool> AcceptsAsync(string query) => (await AskAsync("/api/v1/query", query)).Status != HttpStatusCode.BadRequest;

    private async Task<string> FormatAsync(string query)
    {
        var (status, answer) = await AskAsync("/api/v1/format_query", query);
        Assert.True(status == HttpStatusCode.OK, $"Prometheus does not format {query}: {answer}");
        using var json = JsonDocument.Parse(answer);
        return json.RootElement.GetProperty("data").GetString()!;
    }

    private async Task<(HttpStatusCode Status, string Answer)> AskAsync(string path, string query)
    {
        using var form = new FormUrlEncodedContent([new("query", query)]);
        using var response = await prometheus.Http.PostAsync(new Uri(path, UriKind.Relative), form);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
