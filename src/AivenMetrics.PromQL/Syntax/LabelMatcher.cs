namespace AivenMetrics.PromQL;

/// <summary>How a <see cref="LabelMatcher"/> compares, in the order of Prometheus' own type.</summary>
public enum MatchType
{
    /// <summary><c>=</c>, the label has exactly this value; an absent label has the empty value.</summary>
    Equal,

    /// <summary><c>!=</c>, the label has any other value.</summary>
    NotEqual,

    /// <summary><c>=~</c>, the whole value matches an RE2 expression.</summary>
    Regex,

    /// <summary><c>!~</c>, the whole value does not match an RE2 expression.</summary>
    NotRegex,
}

/// <summary>One condition on one label, as between the braces of a selector.</summary>
/// <param name="Name">
/// Label name: since Prometheus 3 any text, printed in quotes unless it is a letter or underscore, then letters, digits and underscores.
/// </param>
/// <param name="Type">How the value is compared.</param>
/// <param name="Value">
/// The value or RE2 expression, unquoted. A byte that is not part of valid UTF-8 (PromQL can write one as <c>\xff</c>) is held as the lone
/// surrogate U+DC00 plus the byte, and printed as that escape again.
/// </param>
public sealed record LabelMatcher(string Name, MatchType Type, string Value)
{
    /// <summary>
    /// True if a series without the label satisfies the matcher. Prometheus wants at least one matcher where this is false.
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
    /// How much a server makes of a regex matcher when it compiles it, of whatever the expression says, valid or not: about one for each
    /// character, with the copies that counts such as <c>{1000}</c> make, and more for what costs more. 0 for other matchers.
    /// </summary>
    public long RegexSize() => Type is MatchType.Regex or MatchType.NotRegex ? MatcherRegex.Check(Value).Size : 0;

    /// <summary>The matcher as PromQL writes it, for example <c>space_id="a1"</c>.</summary>
    public override string ToString() => Printer.Print(this);

    /// <summary>True for a name that needs no quotes: <c>[a-zA-Z_][a-zA-Z0-9_]*</c>.</summary>
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
