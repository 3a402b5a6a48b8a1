namespace AivenMetrics.PromQL;

/// <summary>A text is not PromQL, or is beyond the limits of <see cref="PromQLParser"/>.</summary>
/// <remarks>The message reads like Prometheus' own, <c>1:5: parse error: …</c>, and is safe to show to whoever wrote the query.</remarks>
public sealed class PromQLParseException : Exception
{
    private PromQLParseException(int position, int line, int column, string reason)
        : base($"{line}:{column}: parse error: {reason}")
    {
        Position = position;
        Line = line;
        Column = column;
        Reason = reason;
    }

    /// <summary>Where in the text, in UTF-16 characters from 0; the length of the text for its end.</summary>
    public int Position { get; }

    /// <summary>Line of that position, from 1; lines end with a line feed.</summary>
    public int Line { get; }

    /// <summary>Character within the line, from 1.</summary>
    public int Column { get; }

    /// <summary>What was wrong, without the position.</summary>
    public string Reason { get; }

    internal static PromQLParseException At(ReadOnlySpan<char> query, int position, string reason)
    {
        var before = query[..Math.Clamp(position, 0, query.Length)];
        return new PromQLParseException(before.Length, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), reason);
    }
}
