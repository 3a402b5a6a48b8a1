namespace AivenMetrics.PromQL;

/// <summary>
/// Parses PromQL as Prometheus 2.42 to 3.14 define it, including experimental features. The parser accepts every text that one of these
/// versions accepts, with the same meaning. A server rejects features that it does not support or has not enabled. The rules are those of
/// promql/parser (lex.go, generated_parser.y, parse.go, functions.go). They include type checks, so the tree is ready for evaluation.
/// </summary>
/// <remarks>The limits in the constants of this class keep each tree small enough for recursive traversal.</remarks>
public static class PromQLParser
{
    /// <summary>Maximum length of the text, in UTF-16 characters.</summary>
    public const int MaxLength = 64 * 1024;

    /// <summary>
    /// Maximum nesting depth of parentheses, calls, signs and powers. Also the maximum number of operators in one duration.
    /// </summary>
    public const int MaxNesting = 200;

    /// <summary>Maximum height of the tree. A chain such as <c>a + b + c</c> adds one level per operator.</summary>
    public const int MaxHeight = 1000;

    /// <summary>Maximum number of selectors in a query. Each selector grows by the matchers of the scope.</summary>
    public const int MaxSelectors = 1000;

    /// <summary>Parses an expression.</summary>
    /// <param name="query">The text. It may have several lines and comments.</param>
    /// <returns>The syntax tree, of any <see cref="Expr.Type"/> including strings and range vectors.</returns>
    /// <exception cref="PromQLParseException">No supported Prometheus version accepts the text, or it exceeds a limit.</exception>
    public static Expr Parse(string query)
    {
        ArgumentNullException.ThrowIfNull(query);
        return new ExprParser(query).ParseQuery();
    }

    /// <summary>Parses a selector of a <c>match[]</c> parameter: a name, braces or both, without offset or range.</summary>
    /// <remarks>As in Prometheus, and unlike in an expression, <c>foo{__name__="bar"}</c> is valid: both conditions apply.</remarks>
    /// <exception cref="PromQLParseException">
    /// No supported Prometheus version accepts the text, or every matcher matches the empty string.
    /// </exception>
    public static VectorSelector ParseMetricSelector(string match)
    {
        ArgumentNullException.ThrowIfNull(match);
        return new ExprParser(match).ParseMetricSelector();
    }
}
