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
    public void An_expression_that_matches_the_empty_string_is_detected(string regex)
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
    public void An_expression_that_does_not_match_the_empty_string_is_detected(string regex)
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
    [
        InlineData("(a{1000}){2}"),
        InlineData("((a{10}b|c){11}d){10}"),
        InlineData("((a{40})*){30,}"),
        InlineData("(a{2}){501}?"),
        InlineData("((a{1000}){0,}){1000}")
    ]
    public void An_expression_that_RE2_rejects_is_rejected(string regex) =>
        Assert.Throws<FormatException>(() => new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());

    [Theory]
    [InlineData("(a{1000}){1}"), InlineData("(a{1000}){0}b"), InlineData("((a{10}b|c){10}d){10}"), InlineData("(a{31}){32}b{999}")]
    public void Counts_that_RE2_accepts_are_accepted(string regex) =>
        Assert.False(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());

    [Theory]
    [InlineData("a\udcff"), InlineData("\\Qa"), InlineData("(?<n>a)")]
    public void An_expression_that_only_Prometheus_3_accepts_is_accepted(string regex) =>
        Assert.False(new LabelMatcher("a", MatchType.Regex, regex).MatchesEmpty());

    // Each expression costs 8 in addition to the size in the row.
    [Theory]
    [
        InlineData("", 0),
        InlineData("abc", 3),
        InlineData("a.c", 3),
        InlineData("a|bc", 4),
        InlineData("\\Qa.c\\E", 3),
        InlineData("\\.\\b", 2)
    ]
    [InlineData("(ab)", 5), InlineData("(?:ab|c)", 7), InlineData("((a))", 7), InlineData("a*", 11), InlineData("a+?b?", 22)]
    [
        InlineData("a{3}", 3),
        InlineData("(ab){3}", 15),
        InlineData("a{3,}", 13),
        InlineData("a{0,}", 11),
        InlineData("a{2,5}", 35),
        InlineData("ab{0}", 2)
    ]
    [
        InlineData("a{10}|b{20}", 31),
        InlineData("((a{10}b){9}c){8}", 1040),
        InlineData("(a?){9}", 126),
        InlineData("x{", 2),
        InlineData("x{02}", 5)
    ]
    [InlineData("a{1000}{0}", 1000), InlineData("((((a{1000}){0}){1000}){0}){1000}", 7006)]
    [
        InlineData("[abc]", 4),
        InlineData("[a-z]{9}", 10),
        InlineData("\\d{9}", 19),
        InlineData("[\\d\\s]", 21),
        InlineData("[[:alpha:]]", 11)
    ]
    [InlineData("\\pL{9}", 509), InlineData("[\\p{Greek}\\PL]", 1001), InlineData("[^a-z]", 2)]
    [
        InlineData("(?i)abc", 3),
        InlineData("(?i)\\pL", 2501),
        InlineData("\\pL(?i)", 2501),
        InlineData("(?-i)\\pL", 501),
        InlineData("(?s)\\pL", 501)
    ]
    [
        InlineData("(?i)\\W", 811),
        InlineData("(?i)\\w", 11),
        InlineData("(?i)[\\S]", 811),
        InlineData("(?i)[^a]", 802),
        InlineData("(?i)[[:^alpha:]]", 811)
    ]
    [
        InlineData("(?i)[\u4e00-\u9fff]", 2101),
        InlineData("(?i)[\\x00-\\x{10FFFF}]", 802),
        InlineData("(?i)[\\x80-\\x{10FFFF}]", 12514),
        InlineData("(?i)[\\x00-\\x40]", 2)
    ]
    // The chain before a group is copied for the group.
    [InlineData("aaaaaaaa(b)", 13), InlineData("aaaaaaaa(b(c))", 18), InlineData("aaaaaaaa|(b)", 13), InlineData("(a{80})(b)", 97)]
    public void The_size_of_an_expression_follows_the_cost_of_compiling_it(string regex, long more)
    {
        Assert.Equal(8 + more, new LabelMatcher("a", MatchType.Regex, regex).RegexSize());
        Assert.Equal(8 + more, new LabelMatcher("a", MatchType.NotRegex, regex).RegexSize());
        Assert.Equal(0, new LabelMatcher("a", MatchType.Equal, regex).RegexSize());
    }

    [Theory]
    [
        InlineData("(c)", 20_000),
        InlineData(".{1000}", 8000),
        InlineData("(.{30}){33}", 5000),
        InlineData("\\pL", 20_000),
        InlineData(".?", 30_000)
    ]
    public void An_expensive_expression_has_a_large_size(string part, int times) =>
        Assert.InRange(
            new LabelMatcher("a", MatchType.Regex, string.Concat(Enumerable.Repeat(part, times))).RegexSize(),
            300_000,
            long.MaxValue
        );
}
