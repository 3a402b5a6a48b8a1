namespace AivenMetrics.PromQL;

/// <summary>
/// Writes trees as canonical text of one line. Reading the text gives the same tree: <c>Parse(Print(t)) == t</c> for every tree that
/// <see cref="PromQLParser"/> returns, also after <see cref="ScopeRewriter"/>. A tree that somebody built without the parentheses it needs is
/// printed with them.
/// </summary>
/// <remarks>
/// Canonical means: single spaces, <c>by</c> and <c>without</c> before the arguments, <c>@</c> before offset, durations in Prometheus' own
/// form, numbers as short as they can be, all strings between double quotes with Go's escapes. Matchers keep their order. What has an old
/// and a new spelling is written in the old one, so that every Prometheus from 2.42 on that can read the text reads it the same.
/// </remarks>
public static class Printer
{
    // Most queries fit; longer ones move to a pooled array.
    private const int OnStack = 1024;

    /// <summary>The text of an expression.</summary>
    /// <exception cref="ArgumentException">The tree has a name, a string or a node that PromQL cannot write; the parser makes none
    /// such.</exception>
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

    /// <summary>The text of <see cref="ScopeRewriter.Apply(Expr, TenantScope)"/>'s tree, without making that tree.</summary>
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

    /// <summary>The text of a matcher as between braces.</summary>
    /// <exception cref="ArgumentException">The name or the value has half a surrogate pair.</exception>
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

    /// <summary>The text between double quotes, for messages: half surrogate pairs become U+FFFD, long texts are cut.</summary>
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
