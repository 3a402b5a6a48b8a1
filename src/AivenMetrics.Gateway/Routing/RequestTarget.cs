using System.Buffers;

namespace AivenMetrics.Gateway.Routing;

/// <summary>
/// The request target as the client sent it, before any server decodes it or resolves its dot segments. A target that could be a different
/// path for another server is rejected.
/// </summary>
/// <param name="Path">The path, still encoded, without repeated and trailing slashes.</param>
/// <param name="Query">The text after the first question mark, still encoded.</param>
internal readonly record struct RequestTarget(string Path, string Query)
{
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%"
    );

    // Encoded slashes, backslashes, dots, semicolons, percent signs and NUL are rejected. Only label names are encoded, and they contain
    // none of these.
    private static readonly string[] ForbiddenEncodings = ["%2f", "%5c", "%2e", "%3b", "%25", "%00"];

    /// <summary>Returns whether a text is a valid path prefix: segments of plain characters, each after a slash.</summary>
    public static bool IsValidPrefix(string text) =>
        Parse(text) is { Query: "" } read && read.Path == text && text.Length > 1 && !text.AsSpan().ContainsAny('%', '?');

    /// <summary>
    /// Parses a target. Returns null if it is not in origin form or its path contains a dot segment, an encoded separator or an invalid
    /// character.
    /// </summary>
    /// <param name="raw">The target as the client sent it.</param>
    /// <param name="prefix">The prefix to remove if the path begins with it, as whole segments; null for none.</param>
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
