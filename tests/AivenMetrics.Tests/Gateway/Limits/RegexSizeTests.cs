using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Gateway;
using AivenMetrics.Testing.PromQL;
using Google.Protobuf;
using Snappier;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>The size of the regular expressions of a request after expansion, and its limit.</summary>
public sealed class RegexSizeTests : GatewayTestBase
{
    // An expression of 420 characters with a size of about 60,000.
    private static readonly string Large = string.Concat(Enumerable.Repeat(".{1000}", 60));

    public static TheoryData<string, string, bool> Requests() =>
        new()
        {
            { "query", "query=up{a=~'#'}", true },
            { "query", "query=up{a=~'#',b!~'#'}", false },
            { "query", "query=up{a='#',b!='#',c=~'#'}", true },
            { "query", "query=a{a=~'#'} + b{a=~'#'}", false },
            { "query", "query=sum(rate(a{a=~'#'}[5m])) / -(max_over_time(b{a=~'#'}[1h:]))", false },
            { "query", "query=topk(scalar(a{a=~'#'}), b{a=~'#'})", false },
            { "query", "query=info(a{a=~'#'}, {b=~'#'})", false },
            { "query", "query=label_replace(up, 'a', '$1', 'b', '#')", true },
            { "query", "query=label_replace(up{a=~'#'}, 'a', '$1', 'b', ('#'))", false },
            { "query", "query=label_replace(label_replace(up, 'a', '', 'b', '#'), 'a', '', 'b', '#')", false },
            { "query", "query=label_join(up, 'a', '#', '#')", true },
            { "query_range", "start=0&end=60&step=30&query=up{a=~'#',b!~'#'}", false },
            { "query_exemplars", "start=0&end=60&query=up{a=~'#',b!~'#'}", false },
            { "format_query", "query=up{a=~'#',b!~'#'}", false },
            { "series", "match[]={a=~'#'}", true },
            { "series", "match[]={a=~'#'}&match[]={b=~'#'}", false },
            { "labels", "match[]={a=~'#'}&match[]=up&match[]={b=~'#'}", false },
            { "label/a/values", "match[]={a=~'#'}&match[]={b=~'#'}", false },
            { "targets/metadata", "match_target={a=~'#'}", true },
            { "targets/metadata", "match_target={a=~'#',b!~'#'}", false },
            { "../../federate", "match[]={a=~'#'}&match[]={b=~'#'}", false },
        };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task The_sizes_of_all_expressions_of_a_request_are_summed(string path, string parameters, bool allowed)
    {
        var target = new Uri(new Uri("http://gateway/api/v1/"), path).AbsolutePath;
        var query = Uri.EscapeDataString(parameters.Replace("#", Large, StringComparison.Ordinal))
            .Replace("%3D", "=", StringComparison.Ordinal)
            .Replace("%26", "&", StringComparison.Ordinal);
        using var response = await Gateway.GetAsync($"{target}?{query}");
        await AssertAsync(response, allowed);
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 1, false)]
    [InlineData(1, 2, false)]
    public async Task The_sizes_of_all_expressions_of_a_remote_read_are_summed(int queries, int matchers, bool allowed)
    {
        Prometheus.Respond = context => ScriptedPrometheus.WriteAsync(context, 200, "", "application/x-protobuf");
        var request = new ReadRequest();
        for (var i = 0; i < queries; i++)
        {
            var query = new ReadQuery { Hints = new ReadHints { Func = "series" } };
            for (var j = 0; j < matchers; j++)
            {
                query.Matchers.Add(
                    new ReadMatcher
                    {
                        Name = "a",
                        Type = ReadMatcher.Types.Type.Nre,
                        Value = Large,
                    }
                );
            }
            query.Matchers.Add(
                new ReadMatcher
                {
                    Name = "a",
                    Type = ReadMatcher.Types.Type.Neq,
                    Value = Large,
                }
            );
            request.Queries.Add(query);
        }

        using var content = new ByteArrayContent(Snappy.CompressToArray(request.ToByteArray()));
        content.Headers.ContentType = new("application/x-protobuf");
        content.Headers.ContentEncoding.Add("snappy");
        using var response = await Gateway.SendAsync(RunningGateway.TenantA, HttpMethod.Post, "/api/v1/read", content);
        await AssertAsync(response, allowed);
    }

    [Fact]
    public async Task The_error_states_size_limit_and_remedy_and_explain_repeats_it()
    {
        var query = Uri.EscapeDataString($"up{{a=~'{Large}',b!~'{Large}'}}");
        using var refused = await Gateway.GetAsync("/api/v1/query?query=" + query);
        using var explained = await Gateway.GetAsync("/aivenmetrics/v1/explain?query=" + query);
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        var data = JsonNode.Parse(await explained.Content.ReadAsStringAsync())!["data"]!;

        Assert.Equal("execution", error["errorType"]!.GetValue<string>());
        Assert.Equal(
            "The regular expressions of this request have a size of 120016 or more, with counts such as {1000} written out; "
                + "every plan allows (regex_size) 100000. Use smaller counts, simpler expressions or several requests.",
            error["error"]!.GetValue<string>()
        );
        Assert.Equal(error["error"]!.GetValue<string>(), data["refused_because"]!.GetValue<string>());
        Assert.Equal(100_000, data["limits"]!["regex_size"]!.GetValue<int>());
    }

    /// <summary>Expressions that dashboards send for a variable with all its values selected.</summary>
    [Theory]
    [InlineData("node-{0}|", 6000)]
    [InlineData("10\\.0\\.0\\.{0}:9100|", 2500)]
    [InlineData("(node-{0})|", 3000)]
    [InlineData(".*node-{0}.*|", 2000)]
    [InlineData("(?i:node-{0})|", 2000)]
    [InlineData("[a-z]{{1,63}}-{0}|", 60)]
    public void A_list_of_many_values_is_allowed(string value, int count)
    {
        var regex = new StringBuilder();
        for (var i = 0; i < count; i++)
        {
            regex.AppendFormat(null, value, i);
        }
        var query = new LabelMatcher("a", AivenMetrics.PromQL.MatchType.Regex, regex.ToString().TrimEnd('|')).ToString();
        Assert.InRange(RegexSize.Compute(PromQLParser.Parse("{" + query + "}")), query.Length / 2, RegexSize.Max);
    }

    [Fact]
    public void Literal_values_are_allowed_up_to_the_maximum_query_length()
    {
        var one = "{a=~'" + new string('a', PromQLParser.MaxLength - 7) + "'}";
        var many = "{" + string.Concat(Enumerable.Repeat("a=~'b',", PromQLParser.MaxLength / 7 - 1)) + "}";
        Assert.InRange(RegexSize.Compute(PromQLParser.Parse(one)), 60_000, RegexSize.Max);
        Assert.InRange(RegexSize.Compute(PromQLParser.Parse(many)), 60_000, RegexSize.Max);
    }

    /// <summary>The limit is at least ten times the size of any query of the corpora.</summary>
    [Fact]
    public void No_query_of_the_corpora_is_near_the_limit() =>
        Assert.All(Corpus.AcceptedByAny, query => Assert.InRange(RegexSize.Compute(PromQLParser.Parse(query)), 0, RegexSize.Max / 10));

    private async Task AssertAsync(HttpResponseMessage response, bool allowed)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal(allowed ? 200 : 422, (int)response.StatusCode);
        Assert.Equal(allowed ? 1 : 0, Prometheus.Requests.Count);
        if (!allowed)
        {
            Assert.Contains("(regex_size) 100000", text, StringComparison.Ordinal);
        }
    }
}
