using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.Gateway;
using AivenMetrics.PromQL;
using AivenMetrics.Tests.Gateway.RemoteRead;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Scoping;

/// <summary>
/// Raw requests from <c>Cases/attacks</c>, sent as they are over a socket. Whatever the answer, what a Prometheus gets is of a served
/// path, and every selector in it carries the tenant's own scope.
/// </summary>
public sealed partial class AttackTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Gateway", "Cases", "attacks");
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { AllowTrailingCommas = true, ReadCommentHandling = JsonCommentHandling.Skip };
    private static readonly LabelMatcher OwnScope = new("space_id", MatchType.Equal, "a");

    /// <summary>One attack.</summary>
    /// <param name="Sentence">What is tried.</param>
    /// <param name="Head">Request line and headers; each character is one byte; <c>{{auth}}</c> and <c>{{repeat:n:text}}</c> are filled in.</param>
    /// <param name="Body">The body, likewise; null for none.</param>
    /// <param name="Length">False if the head says itself how long the body is.</param>
    /// <param name="Status">The statuses of the first answer that are right.</param>
    /// <param name="Upstream">How many requests a Prometheus may see.</param>
    public sealed record Attack(string Sentence, string[] Head, string? Body, bool Length, int[] Status, int Upstream);

    public static TheoryData<string, string> Attacks()
    {
        var data = new TheoryData<string, string>();
        foreach (var file in Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal))
            foreach (var attack in Read(file))
                data.Add(Path.GetFileName(file), attack.Sentence);
        return data;
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task No_attack_reaches_another_tenant(string file, string sentence)
    {
        var attack = Read(Path.Combine(Folder, file)).Single(a => a.Sentence == sentence);
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(prometheus.Url);

        var answer = await gateway.SendRawAsync(Bytes(attack));

        var status = StatusLine().Match(answer);
        Assert.True(status.Success, $"no HTTP answer but: {answer}");
        Assert.Contains(int.Parse(status.Groups[1].Value, null), attack.Status);
        Assert.DoesNotContain("   at ", answer);
        Assert.True(prometheus.Requests.Count <= attack.Upstream, $"{prometheus.Requests.Count} requests reached the Prometheus");
        Assert.All(prometheus.Requests, AssertScoped);
    }

    /// <summary>The same before a server that is told the scope a second time. What it lacks is answered, or not, without it.</summary>
    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task No_attack_loosens_the_second_belt(string file, string sentence)
    {
        var attack = Read(Path.Combine(Folder, file)).Single(a => a.Sentence == sentence);
        await using var engine = await ScriptedPrometheus.StartAsync();
        engine.Version = "2.24.0";
        await using var gateway = await RunningGateway.StartAsync(
            tenants => new GatewayOptions { Prometheus = [engine.Url], TenantsFile = tenants, Engine = QueryEngine.VictoriaMetrics });

        var answer = await gateway.SendRawAsync(Bytes(attack));

        var status = StatusLine().Match(answer);
        Assert.True(status.Success, $"no HTTP answer but: {answer}");
        var code = int.Parse(status.Groups[1].Value, null);
        Assert.True(code is >= 200 and < 500 || attack.Status.Contains(code), answer);
        Assert.True(engine.Requests.Count <= attack.Upstream, $"{engine.Requests.Count} requests reached the server");
        Assert.All(engine.Requests, request =>
        {
            Assert.Matches("^/api/v1/(query|query_range|series|labels|targets|rules|alerts|label/[^/]+/values)$|^/federate$", request.Path);
            // The operator's own lists have no filters: they are asked for everybody's and filtered here.
            if (request.Path is not ("/api/v1/targets" or "/api/v1/rules" or "/api/v1/alerts"))
                Assert.Equal(["{space_id=\"a\"}"], request.Parameters["extra_filters[]"].ToArray());
            AssertScoped(request);
        });
    }

    [Fact]
    public void There_is_a_corpus() => Assert.True(Attacks().Count >= 250, "attacks are missing");

    private static void AssertScoped(Received request)
    {
        Assert.Matches("^/api/v1/(query|query_range|query_exemplars|format_query|read|series|labels|targets|targets/metadata|rules|alerts|status/flags|status/runtimeinfo|label/[a-zA-Z_][a-zA-Z0-9_:]*/values)$|^/federate$", request.Path.Replace("%22", "_", StringComparison.Ordinal));
        Assert.All(request.Parameters.Keys, name => Assert.Contains(name, new[] { "query", "match[]", "match_target", "metric", "state", "type", "exclude_alerts", "extra_filters[]", "time", "timeout", "limit", "lookback_delta", "stats", "start", "end", "step" }));
        Assert.Subset(new HashSet<string>(["Accept", "Accept-Encoding", "Content-Encoding", "Content-Length", "Content-Type", "Host", "User-Agent", "X-Prometheus-Remote-Read-Version", "traceparent", "tracestate"], StringComparer.OrdinalIgnoreCase),
            new HashSet<string>(request.Headers.Keys, StringComparer.OrdinalIgnoreCase));
        Assert.All(request.Parameters.Where(p => p.Key != "match[]"), p => Assert.Single(p.Value.ToArray()));
        // These have no series in their answer, or are asked of everybody and filtered.
        if (request.Path is "/api/v1/format_query" or "/api/v1/targets" or "/api/v1/rules" or "/api/v1/alerts" or "/api/v1/status/flags" or "/api/v1/status/runtimeinfo")
            return;
        if (request.Path == "/api/v1/read")
        {
            RemoteReadTests.AssertScoped(request, "a");
            return;
        }

        if (request.Query is null)
            Assert.NotEmpty(request.Matches.Concat(request.MatchTarget));
        Assert.All(Selectors.In(request), selector => Assert.Contains(OwnScope, selector.Matchers.AsSpan().ToArray()));
    }

    private static Attack[] Read(string file) => JsonSerializer.Deserialize<Attack[]>(File.ReadAllText(file), Json)!;

    private static byte[] Bytes(Attack attack)
    {
        var body = attack.Body is null ? null : Fill(attack.Body);
        var head = string.Concat(attack.Head.Select(line => Fill(line) + "\r\n"));
        if (body is not null && attack.Length)
            head += $"Content-Length: {body.Length}\r\n";
        return Encoding.Latin1.GetBytes(head + "\r\n" + body);
    }

    private static string Fill(string text)
    {
        text = text.Replace("{{auth}}", $"Authorization: {RunningGateway.Basic(RunningGateway.A)}", StringComparison.Ordinal);
        return Repeat().Replace(text, m => string.Concat(Enumerable.Repeat(m.Groups[2].Value, int.Parse(m.Groups[1].Value, null))));
    }

    [GeneratedRegex(@"^HTTP/1\.[01] (\d{3})")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"\{\{repeat:(\d+):(.*?)\}\}")]
    private static partial Regex Repeat();
}
