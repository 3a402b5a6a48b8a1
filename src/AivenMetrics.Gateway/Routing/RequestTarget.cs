using System.Buffers;

namespace AivenMetrics.Gateway.Routing;

/// <summary>
/// The request target as the client sent it, before any server decoded it or folded its dot segments. What could mean one path here
/// and another one upstream is no target at all.
/// </summary>
/// <param name="Path">The path, still encoded, with repeated and trailing slashes taken away.</param>
/// <param name="Query">What follows the first question mark, still encoded.</param>
internal readonly record struct RequestTarget(string Path, string Query)
{
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%"
    );

    // Slash, backslash, dot, semicolon, percent and NUL have no business being encoded: only a label name may be, and has none of them.
    private static readonly string[] ForbiddenEncodings = ["%2f", "%5c", "%2e", "%3b", "%25", "%00"];

    /// <summary>Whether a text can stand before all paths: segments of plain characters, each after a slash.</summary>
    public static bool IsValidPrefix(string text) =>
        Parse(text) is { Query: "" } read && read.Path == text && text.Length > 1 && !text.AsSpan().ContainsAny('%', '?');

    /// <summary>The target, or null if it is not in origin form or its path holds a dot segment, an encoded separator or an odd character.</summary>
    /// <param name="raw">As the client sent it.</param>
    /// <param name="prefix">Taken away where the path begins with it, as whole segments; null for none.</param>
    public static RequestTarget? Parse(string raw, string? prefix = null)
    {
        if (!raw.StartsWith('/'))
        {
            return null;
        }

        var mark = raw.IndexOf('?', StringComparison.Ordinal);
        var path = mark < 0 ? raw : raw[..mark];
        if (path.AsSpan().ContainsAnyExcept(PathCharacters) || HasDotSegment(path) || HasForbiddenEncoding(path))
        {
            return null;
        }

        path = NormalizeSlashes(path);
        return new RequestTarget(string.IsNullOrEmpty(prefix) ? path : RemovePrefix(prefix, path), mark < 0 ? "" : raw[(mark + 1)..]);
    }

    private static string RemovePrefix(string prefix, string path) =>
        !path.StartsWith(prefix, StringComparison.Ordinal) ? path
        : path.Length == prefix.Length ? "/"
        : path[prefix.Length] == '/' ? path[prefix.Length..]
        : path;

    private static bool HasDotSegment(string path)
    {
        foreach (var segment in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(segment) is "." or "..")
            {
                return true;
            }
        }
        return false;
    }

    private static bool HasForbiddenEncoding(string path)
    {
        if (path.Contains('%', StringComparison.Ordinal))
        {
            foreach (var trick in ForbiddenEncodings)
            {
                if (path.Contains(trick, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }
        }
        return false;
    }

    private static string NormalizeSlashes(string path)
    {
        if (!path.EndsWith('/') && !path.Contains("//", StringComparison.Ordinal))
        {
            return path;
        }
        return "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
    }
}
