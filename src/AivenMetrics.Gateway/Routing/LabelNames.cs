namespace AivenMetrics.Gateway.Routing;

/// <summary>The label names that every Prometheus understands: a letter or underscore, then letters, digits and underscores.</summary>
internal static class LabelNames
{
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || char.IsAsciiDigit(name[0]))
            return false;
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
                return false;
        return true;
    }
}
