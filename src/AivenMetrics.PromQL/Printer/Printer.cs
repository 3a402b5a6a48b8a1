namespace AivenMetrics.PromQL;

/// <summary>
/// Writes syntax trees as canonical text on one line. For every tree from <see cref="PromQLParser"/>, also after <see
/// cref="ScopeRewriter"/>, <c>Parse(Print(t)) == t</c>. If a tree was built in code without the parentheses it needs, the printer adds
/// them.
/// </summary>
/// <remarks>
/// Canonical form: single spaces, <c>by</c> and <c>without</c> before the arguments, and <c>@</c> before offset. Durations have Prometheus'
/// own form, numbers are as short as possible, and strings are in double quotes with Go's escapes. Matchers keep their order. If a feature
/// has an old and a new spelling, the printer writes the old one. Every Prometheus version since 2.42 that can parse the text parses it
/// with the same meaning.
/// </remarks>
public static class Printer
{
    // Most queries fit. Longer ones move to a pooled array.
    private const int OnStack = 1024;

    /// <summary>Returns the text of an expression.</summary>
    /// <exception cref="ArgumentException">
    /// The tree contains a name, a string or a node that cannot be written as PromQL. The parser never returns such a tree.
    /// </exception>
    public static string Print(Expr expr)
    {
        ArgumentNullException.ThrowIfNull(expr);
        var writer = new ExprWriter(new PrintBuffer(stackalloc char[OnStack]));
        try
        {
            writer.Write(expr);
            return writer.ToString();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Returns the text of <see cref="ScopeRewriter.Apply(Expr, TenantScope)"/>'s result without building that tree.</summary>
    /// <inheritdoc cref="Print(Expr)"/>
    internal static string Print(Expr expr, TenantScope scope)
    {
        var writer = new ExprWriter(new PrintBuffer(stackalloc char[OnStack]), scope);
        try
        {
            writer.Write(expr);
            return writer.ToString();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Returns the text of a matcher as between braces.</summary>
    /// <exception cref="ArgumentException">The name or the value contains an unpaired surrogate.</exception>
    public static string Print(LabelMatcher matcher)
    {
        ArgumentNullException.ThrowIfNull(matcher);
        var writer = new ExprWriter(new PrintBuffer(stackalloc char[256]));
        try
        {
            writer.Write(matcher);
            return writer.ToString();
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Quotes a text for error messages. Unpaired surrogates become U+FFFD; long texts are truncated.</summary>
    internal static string Quote(ReadOnlySpan<char> text)
    {
        const int longest = 200;
        var shown = text.Length > longest ? string.Concat(text[..longest], "…") : text.ToString();
        var whole = string.Create(shown.Length, shown, (chars, source) =>
        {
            for (var i = 0; i < chars.Length; i++)
            {
                var paired =
                    (i > 0 && char.IsSurrogatePair(source[i - 1], source[i]))
                    || (i + 1 < source.Length && char.IsSurrogatePair(source[i], source[i + 1]));
                chars[i] = char.IsSurrogate(source[i]) && !paired ? '\uFFFD' : source[i];
            }
        });
        var writer = new ExprWriter(new PrintBuffer(stackalloc char[256]));
        try
        {
            writer.WriteQuoted(whole);
            return writer.ToString();
        }
        finally
        {
            writer.Dispose();
        }
    }
}
