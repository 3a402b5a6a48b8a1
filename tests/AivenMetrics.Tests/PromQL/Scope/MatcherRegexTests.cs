using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.PromQL;

public class MatcherRegexTests
{
    [Theory]
    [InlineData(""), InlineData("a*"), InlineData("a?b*"), InlineData("a|")]
    [InlineData("|a"), InlineData("(a|)"), InlineData("(a+)*"), InlineData("^$")]
    [InlineData("\\A\\z"), InlineData("\\B"), InlineData("a{0}"), InlineData("a{0,5}?")]
    [InlineData("(?i)"), InlineData("[a]*"), InlineData(".?"), InlineData("()")]
    [InlineData("((|a)b*)c?"), InlineData("\\Q\\E"), InlineData("\\Qa\\E*")]
    [InlineData("a(?i)*"), InlineData("(?:(?:(?:x?)))"), InlineData("(?P<n>a*)")]
    public void An_expression_that_matches_the_empty_string_is_known(string regex)
    {
        Assert.True(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());
        Assert.False(new LabelMatcher("a", MatchType.NotRegex, regex).MatchesEmpty());
    }

    [Theory]
    [InlineData("a"), InlineData("a+"), InlineData("a|b"), InlineData("(a|b*)c")]
    [InlineData("\\b"), InlineData("a{1,5}"), InlineData("\\Qab\\E*"), InlineData("[]a]")]
    [InlineData("."), InlineData("a{"), InlineData("{}"), InlineData("((|a)b*)c")]
    [InlineData("\\*"), InlineData("(?i)a"), InlineData("[^*]"), InlineData("\\d"), InlineData("é")]
    [InlineData("\\pL"), InlineData("\\x{41}"), InlineData("[[:alpha:]*]"), InlineData("()()a"), InlineData("a{,5}"), InlineData("x{02}")]
    public void An_expression_that_needs_a_character_is_known(string regex)
    {
        Assert.False(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());
        Assert.True(new LabelMatcher("a", MatchType.NotRegex, regex).MatchesEmpty());
    }

    [Theory]
    [InlineData("("), InlineData(")"), InlineData("a)|(b"), InlineData("[")]
    [InlineData("[a"), InlineData("*"), InlineData("a**"), InlineData("a{2}{3}"), InlineData("(?=a)")]
    [InlineData("(?<=a)"), InlineData("(?<n"), InlineData("(?<>a)"), InlineData("(?P=n)"), InlineData("(?>a)")]
    [InlineData("\\1"), InlineData("\\8"), InlineData("\\Z"), InlineData("\\")]
    [InlineData("a{1001}"), InlineData("a{2,1}"), InlineData("[z-a]"), InlineData("[[:foo:]]")]
    [InlineData("\\x{110000}"), InlineData("\\p{"), InlineData("(?i-:a)")]
    [InlineData("(a{1000}){2}"), InlineData("((a{10}b|c){11}d){10}"), InlineData("((a{40})*){30,}"), InlineData("(a{2}){501}?")]
    public void An_expression_that_RE2_refuses_is_refused(string regex) =>
        Assert.Throws<FormatException>(() => new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());

    [Theory]
    [InlineData("(a{1000}){1}"), InlineData("(a{1000}){0}b"), InlineData("((a{10}b|c){10}d){10}"), InlineData("(a{31}){32}b{999}")]
    public void Counts_that_RE2_accepts_are_accepted(string regex) =>
        Assert.False(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());

    [Theory]
    [InlineData("a\udcff"), InlineData("\\Qa"), InlineData("(?<n>a)")]
    public void What_only_Prometheus_3_accepts_is_accepted(string regex) =>
        Assert.False(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());
}
