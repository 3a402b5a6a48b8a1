namespace AivenMetrics.PromQL;

/// <summary>The comparison of a <see cref="LabelMatcher"/>, in the order of Prometheus' MatchType.</summary>
public enum MatchType
{
    /// <summary><c>=</c>: the label has exactly this value; an absent label has the empty value.</summary>
    Equal,

    /// <summary><c>!=</c>: the label has any other value.</summary>
    NotEqual,

    /// <summary><c>=~</c>: the whole value matches an RE2 expression.</summary>
    Regex,

    /// <summary><c>!~</c>: the whole value does not match an RE2 expression.</summary>
    NotRegex,
}

/// <summary>One condition on one label, as between the braces of a selector.</summary>
/// <param name="Name">
/// The label name. Since Prometheus 3 any text is valid. Names that do not match <c>[a-zA-Z_][a-zA-Z0-9_]*</c> are printed in quotes.
/// </param>
/// <param name="Type">The comparison.</param>
/// <param name="Value">
/// The value or RE2 expression, unquoted. A byte that is not valid UTF-8 (<c>\xff</c> in PromQL) is stored as the lone surrogate U+DC00
/// plus the byte. The printer writes it as the same escape.
/// </param>
public sealed record LabelMatcher(string Name, MatchType Type, string Value)
{
    /// <summary>
    /// Returns true if a series without the label satisfies the matcher. Prometheus requires at least one matcher for which this is false.
    /// </summary>
    /// <exception cref="FormatException">The value of a regex matcher is not a valid RE2 expression.</exception>
    public bool MatchesEmpty() =>
        Type switch
        {
            MatchType.Equal => Value.Length == 0,
            MatchType.NotEqual => Value.Length != 0,
            MatchType.Regex => MatcherRegex.Check(Value).EnsureValid().MatchesEmpty,
            MatchType.NotRegex => !MatcherRegex.Check(Value).EnsureValid().MatchesEmpty,
            _ => throw new InvalidOperationException($"Unknown match type {Type}."),
        };

    /// <summary>
    /// Returns the cost for a server to compile a regex matcher, valid or not, in units of one character. Counts such as <c>{1000}</c>
    /// multiply the size, and expensive constructs cost more. The result is 0 for other matchers.
    /// </summary>
    public long RegexSize() => Type is MatchType.Regex or MatchType.NotRegex ? MatcherRegex.Check(Value).Size : 0;

    /// <summary>Returns the matcher as PromQL, for example <c>space_id="a1"</c>.</summary>
    public override string ToString() => Printer.Print(this);

    /// <summary>Returns true for a name that needs no quotes: <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
    internal static bool IsLabelName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || char.IsAsciiDigit(name[0]))
        {
            return false;
        }
        foreach (var c in name)
        {
            if (!Lexer.IsNameCharacter(c))
            {
                return false;
            }
        }
        return true;
    }
}
