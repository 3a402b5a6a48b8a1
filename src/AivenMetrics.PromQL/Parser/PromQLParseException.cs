namespace AivenMetrics.PromQL;

/// <summary>The text is not valid PromQL or exceeds a limit of <see cref="PromQLParser"/>.</summary>
/// <remarks>
/// The message has the form of Prometheus' own, <c>1:5: parse error: …</c>. It can be returned to the client that sent the query.
/// </remarks>
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

    /// <summary>Position of the error in UTF-16 characters, starting at 0. At the end of the text it is the length of the text.</summary>
    public int Position { get; }

    /// <summary>Line of the position, starting at 1. A line feed ends a line.</summary>
    public int Line { get; }

    /// <summary>Character within the line, starting at 1.</summary>
    public int Column { get; }

    /// <summary>The error without its position.</summary>
    public string Reason { get; }

    internal static PromQLParseException At(ReadOnlySpan<char> query, int position, string reason)
    {
        var before = query[..Math.Clamp(position, 0, query.Length)];
        return new PromQLParseException(before.Length, before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'), reason);
    }
}
