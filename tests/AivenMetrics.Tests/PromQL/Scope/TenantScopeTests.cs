using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class TenantScopeTests
{
    public static TheoryData<string, LabelMatcher> Dangerous =>
        new()
        {
            { "an empty value lets in series without the label", new("space_id", MatchType.Equal, "") },
            { "a regex that matches nothing at all lets them in too", new("space_id", MatchType.Regex, "") },
            { "so does an empty alternative", new("space_id", MatchType.Regex, "a|") },
            { "so does a star", new("space_id", MatchType.Regex, ".*") },
            { "so does an optional group", new("space_id", MatchType.Regex, "(a|b)?") },
            { "so does a count from zero", new("space_id", MatchType.Regex, "a{0,3}") },
            { "inequality says what is out, not what is in", new("space_id", MatchType.NotEqual, "a") },
            { "so does a negated regex", new("space_id", MatchType.NotRegex, "a") },
            { "a broken regex", new("space_id", MatchType.Regex, "(a") },
            { "a label name with a brace", new("a\"} or {b", MatchType.Equal, "c") },
            { "an empty label name", new("", MatchType.Equal, "c") },
            { "a label name with a leading digit", new("1a", MatchType.Equal, "c") },
            { "the metric name", new("__name__", MatchType.Equal, "c") },
            { "half a surrogate pair", new("space_id", MatchType.Equal, "\ud800") },
            { "a byte that is no UTF-8", new("space_id", MatchType.Equal, "a\udcff") },
            { "no value", new("space_id", MatchType.Equal, null!) },
            { "an unknown type", new("space_id", (MatchType)7, "a") },
        };

    [Theory]
    [MemberData(nameof(Dangerous))]
    public void A_matcher_that_could_match_other_series_is_not_a_valid_scope(string sentence, LabelMatcher matcher)
    {
        Assert.NotEmpty(sentence);
        Assert.Single(TenantScope.Validate([new("org", MatchType.Equal, "a"), matcher]));
        Assert.Throws<ArgumentException>(() => new TenantScope([new("org", MatchType.Equal, "a"), matcher]));
    }

    [Fact]
    public void All_errors_are_reported_together() =>
        Assert.Equal(
            [
                "The scope's value for \"a\" is empty, which would match series without the label.",
                "The scope's label \"c-d\" is not a valid label name.",
            ],
            TenantScope.Validate([new("a", MatchType.Equal, ""), new("b", MatchType.Equal, "x"), new("c-d", MatchType.Equal, "x")])
        );

    [Fact]
    public void A_scope_without_matchers_matches_nothing()
    {
        Assert.Equal(TenantScope.Nothing.Matchers, new TenantScope([]).Matchers);
        Assert.Equal(
            "up{aivenmetrics_scope=\"no\",aivenmetrics_scope=\"series\"}",
            Printer.Print(ScopeRewriter.Apply(PromQLParser.Parse("up"), TenantScope.Nothing))
        );
    }

    [Fact]
    public void Nothing_requires_two_values_of_one_label()
    {
        var matchers = TenantScope.Nothing.Matchers;
        Assert.Equal(2, matchers.Count);
        Assert.All(matchers, matcher => Assert.Equal(MatchType.Equal, matcher.Type));
        Assert.Equal(matchers[0].Name, matchers[1].Name);
        Assert.NotEqual(matchers[0].Value, matchers[1].Value);
        Assert.All(matchers, matcher => Assert.False(matcher.MatchesEmpty()));
    }

    [Fact]
    public void A_scope_does_not_change_with_its_source_list()
    {
        List<LabelMatcher> list = [new("space_id", MatchType.Equal, "a")];
        var scope = new TenantScope(list);
        list.Clear();
        Assert.Single(scope.Matchers);
    }

    [Fact]
    public void The_selector_of_a_scope_has_all_its_matchers() =>
        Assert.Equal(
            "{service_instance_id=~\"a\\\\.b|c\"}",
            Printer.Print(new TenantScope([new("service_instance_id", MatchType.Regex, "a\\.b|c")]).Selector)
        );
}
