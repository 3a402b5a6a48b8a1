using System.Text.Json;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Responses;

public sealed class ScopeFilterTests
{
    [Theory]
    [InlineData("one", "one", true)]
    [InlineData("one|two", "two", true)]
    [InlineData(@"a\.b|c", "a.b", true)]
    [InlineData(@"a\.b|c", "axb", false)]
    [InlineData("one|two", "one|two", false)]
    [InlineData("one|two", "tw", false)]
    [InlineData("one.*", "one", false)]
    [InlineData("(one|two)", "one", false)]
    [InlineData("[o]ne", "one", false)]
    [InlineData("(?i)one", "one", false)]
    [InlineData(@"\x6fne", "one", false)]
    [InlineData(@"\done", "one", false)]
    public void A_list_of_literals_matches_its_values_and_any_other_expression_matches_nothing(
        string expression,
        string value,
        bool matches
    ) => Assert.Equal(matches, Scope(new LabelMatcher("id", MatchType.Regex, expression)).Matches(Labels($$"""{"id":"{{value}}"}""")));

    [Theory]
    [InlineData("""{"id":"a","x":"b"}""", true)]
    [InlineData("""{"id":"a"}""", false)]
    [InlineData("""{"id":"b","x":"b"}""", false)]
    [InlineData("""{"ID":"a","x":"b"}""", false)]
    [InlineData("""{"id":["a"],"x":"b"}""", false)]
    [InlineData("[]", false)]
    [InlineData("null", false)]
    public void Every_matcher_must_match(string labels, bool matches) =>
        Assert.Equal(matches, Scope(new("id", MatchType.Equal, "a"), new("x", MatchType.Regex, "b")).Matches(Labels(labels)));

    [Fact]
    public void The_scope_of_nothing_matches_nothing() =>
        Assert.False(new ScopeFilter(TenantScope.Nothing).Matches(Labels("""{"aivenmetrics_scope":"no","x":"y"}""")));

    private static ScopeFilter Scope(params LabelMatcher[] matchers) => new(new TenantScope(matchers));

    private static JsonElement Labels(string json) => JsonElement.Parse(json);
}
