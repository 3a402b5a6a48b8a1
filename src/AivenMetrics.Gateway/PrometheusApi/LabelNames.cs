using System.Globalization;
using System.Text;
using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>
/// Label names in paths. Every Prometheus supports legacy names of letters, digits and underscores. Prometheus 3 supports all of UTF-8:
/// clients write such names percent-encoded, or escaped as <c>U__my_2e_label</c> (Prometheus' "values" escaping), which needs no encoding.
/// </summary>
internal static class LabelNames
{
    private const string EscapedPrefix = "U__";
    private const int MaxHexDigits = 6;

    /// <summary>Returns whether a name is a legacy name: a letter or underscore, then letters, digits and underscores.</summary>
    public static bool IsLegacyName(ReadOnlySpan<char> name)
    {
        if (name.IsEmpty || char.IsAsciiDigit(name[0]))
        {
            return false;
        }
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c != '_')
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>Decodes a segment of a path. Returns null if it is not a valid label name.</summary>
    public static string? Decode(string segment)
    {
        var name = Uri.UnescapeDataString(segment);
        // A percent sign that remains belongs to bytes that are not UTF-8.
        return name.Length > 0 && !name.Contains('%', StringComparison.Ordinal) && IsForwardable(name) ? name : null;
    }

    /// <summary>Encodes a name as a segment of a path for an engine, so that it cannot be read as another segment.</summary>
    public static string Encode(string name, QueryEngine engine)
    {
        if (engine == QueryEngine.VictoriaMetrics)
        {
            return Uri.EscapeDataString(Unescape(name) is { } unescaped && IsForwardable(unescaped) ? unescaped : name);
        }
        return IsLegacyName(name) ? name : Escape(name);
    }

    private static bool IsForwardable(string name) =>
        name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\\', '\uFFFD') && !name.Any(char.IsControl);

    private static string Escape(string name)
    {
        var escaped = new StringBuilder(EscapedPrefix);
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value == '_')
            {
                escaped.Append("__");
            }
            else if (
                rune.IsAscii
                && (
                    char.IsAsciiLetter((char)rune.Value)
                    || rune.Value == ':'
                    || (char.IsAsciiDigit((char)rune.Value) && escaped.Length > EscapedPrefix.Length)
                )
            )
            {
                escaped.Append((char)rune.Value);
            }
            else
            {
                escaped.Append(CultureInfo.InvariantCulture, $"_{rune.Value:x}_");
            }
        }

        return escaped.ToString();
    }

    /// <summary>Returns the name that an escaped name represents; null if the name is not escaped.</summary>
    private static string? Unescape(string name)
    {
        if (!name.StartsWith(EscapedPrefix, StringComparison.Ordinal))
        {
            return null;
        }
        var unescaped = new StringBuilder();
        var rest = name.AsSpan(EscapedPrefix.Length);
        while (!rest.IsEmpty)
        {
            var length = 1;
            if (rest[0] != '_')
            {
                unescaped.Append(rest[0]);
            }
            else if (rest.StartsWith("__"))
            {
                unescaped.Append('_');
                length = 2;
            }
            else
            {
                length = rest[1..].IndexOf('_') + 2;
                if (
                    length is < 3 or > MaxHexDigits + 2
                    || !int.TryParse(rest[1..(length - 1)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                    || !Rune.TryCreate(value, out var rune)
                )
                {
                    return null;
                }
                unescaped.Append(rune.ToString());
            }

            rest = rest[length..];
        }

        return unescaped.Length > 0 ? unescaped.ToString() : null;
    }
}
