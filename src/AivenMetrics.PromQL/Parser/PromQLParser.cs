namespace AivenMetrics.PromQL;

/// <summary>
/// Reads the query language of Prometheus from 2.42 to 3.14, experimental parts included: all that one of these versions accepts, in its
/// meaning. What a server is too old for, or has not enabled, it refuses itself. The rules are those of promql/parser (lex.go,
/// generated_parser.y, parse.go, functions.go), checks of types included, so that a tree is ready to be evaluated.
/// </summary>
/// <remarks>Limits keep every accepted tree small enough to be walked by recursion: <see cref="MaxLength"/> and the other constants
/// here.</remarks>
public static class PromQLParser
{
    /// <summary>Longest text, in UTF-16 characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>How deep parentheses, calls, signs and powers may nest; also how many operators one duration may have.</summary>
    public const int MaxNesting = 200;

    /// <summary>How high the tree may be: a chain such as <c>a + b + c</c> grows by one with each operator.</summary>
    public const int MaxHeight = 1000;

    /// <summary>How many selectors a query may have: each one grows by the matchers of a scope.</summary>
    public const int MaxSelectors = 1000;

    /// <summary>Reads an expression.</summary>
    /// <param name="query">The text, possibly of several lines with comments.</param>
    /// <returns>Its tree, of any <see cref="Expr.Type"/>: strings and range vectors are expressions too.</returns>
    /// <exception cref="PromQLParseException">Every Prometheus would refuse the text, or it is beyond a limit.</exception>
    public static Expr Parse(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new ExprParser(query).ParseQuery();
    }

    /// <summary>Reads a selector as in a <c>match[]</c> parameter: a name, braces or both, without offset or range.</summary>
    /// <remarks>As in Prometheus, and unlike in an expression, <c>foo{__name__="bar"}</c> is allowed and both conditions hold.</remarks>
    /// <exception cref="PromQLParseException">
    /// Every Prometheus would refuse the text, or no matcher in it refuses the empty string.
    /// </exception>
    public static VectorSelector ParseMetricSelector(string match)
    {
        ArgumentNullException.ThrowIfNull(match);
        return new ExprParser(match).ParseMetricSelector();
    }
}
