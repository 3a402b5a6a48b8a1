using System.Buffers;
using System.Globalization;
using System.Text;

namespace AivenMetrics.PromQL;

/// <summary>What the literals mean, given the text of a token that the lexer accepted.</summary>
internal static class Literals
{
    // Prometheus holds durations as nanoseconds in 64 bits: about 292 years.
    private const long MaxDurationMilliseconds = long.MaxValue / 1_000_000;

    private static ReadOnlySpan<long> Units => [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1];

    /// <summary>
    /// Reads a number as Go does: an integer with base prefix (<c>0x1f</c>, octal <c>017</c>) if it is one, else a decimal float.
    /// </summary>
    /// <returns>Null and the reason in <paramref name="error"/> if it is no number.</returns>
    public static double? ParseNumber(ReadOnlySpan<char> text, out string error)
    {
        error = "";
        if (!text.Contains('_'))
        {
            return ParsePlainNumber(text, out error);
        }
        // Prometheus 3: an underscore between two digits, or behind 0x, means nothing. (Of 1_e5 and the like there is no number.)
        if (
            ParsePlainNumber(text.ToString().Replace("_", "", StringComparison.Ordinal), out _) is { } number
            && UnderscoresSeparateDigits(text)
        )
        {
            return number;
        }
        error = $"error parsing number: {Printer.Quote(text)} is no number or out of range";
        return null;
    }

    private static bool UnderscoresSeparateDigits(ReadOnlySpan<char> text)
    {
        var hexadecimal = text.Length > 1 && text[1] is 'x' or 'X';
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '_')
            {
                continue;
            }
            if (i == 0 || i + 1 == text.Length || !IsDigit(text[i + 1], hexadecimal))
            {
                return false;
            }
            if (!IsDigit(text[i - 1], hexadecimal) && !(hexadecimal && i == 2))
            {
                return false;
            }
        }
        // Prometheus' lexer takes an e of a hexadecimal number for an exponent: one is all that it puts up with, and not at the end.
        var e = hexadecimal ? text.IndexOfAny('e', 'E') : -1;
        return e < 0 || (e + 1 < text.Length && text[e + 1] is not ('_' or 'e' or 'E') && text[(e + 1)..].IndexOfAny('e', 'E') < 0);
    }

    private static bool IsDigit(char c, bool hexadecimal) => hexadecimal ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c);

    private static double? ParsePlainNumber(ReadOnlySpan<char> text, out string error)
    {
        error = "";
        var hexadecimal = text.Length > 1 && text[0] == '0' && text[1] is 'x' or 'X';
        if (hexadecimal)
        {
            if (long.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var integer) && integer >= 0)
            {
                return integer;
            }
        }
        else if (text[0] is 'i' or 'I')
        {
            return double.PositiveInfinity;
        }
        else if (text[0] is 'n' or 'N')
        {
            return double.NaN;
        }
        else if (ParseOctal(text) is { } octal)
        {
            return octal;
        }
        else if (char.IsAsciiDigit(text[^1]) || text[^1] == '.')
        {
            const NumberStyles styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
            if (double.TryParse(text, styles, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            {
                return number;
            }
        }

        error = $"error parsing number: {Printer.Quote(text)} is no number or out of range";
        return null;
    }

    /// <summary>The value if the text is 0 and octal digits that fit 63 bits. <c>08</c> and what is too large are decimal.</summary>
    private static double? ParseOctal(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '0' || text.ContainsAnyExceptInRange('0', '7'))
        {
            return null;
        }
        ulong value = 0;
        foreach (var digit in text)
        {
            if (value > (ulong)long.MaxValue >> 3)
            {
                return null;
            }
            value = (value << 3) + (ulong)(digit - '0');
        }
        return (long)value;
    }

    /// <summary>Reads a duration: numbers with the units y, w, d, h, m, s, ms in this order, each at most once.</summary>
    /// <returns>Null and the reason in <paramref name="error"/> if it is none.</returns>
    public static TimeSpan? ParseDuration(ReadOnlySpan<char> text, out string error)
    {
        error = "";
        long total = 0;
        var unit = -1;
        var at = 0;
        while (at < text.Length)
        {
            var digits = text[at..].IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0)
            {
                break;
            }
            var (next, length) = ParseUnit(text[(at + digits)..]);
            if (next <= unit)
            {
                break;
            }
            unit = next;
            if (
                !long.TryParse(text.Slice(at, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number > MaxDurationMilliseconds / Units[unit]
                || (total += number * Units[unit]) > MaxDurationMilliseconds
            )
            {
                error = "duration out of range";
                return null;
            }
            at += digits + length;
        }

        if (at < text.Length)
        {
            error = $"not a valid duration string: {Printer.Quote(text)}";
        }
        return error.Length > 0 ? null : new TimeSpan(total * TimeSpan.TicksPerMillisecond);
    }

    /// <summary>The duration in seconds as Go computes them.</summary>
    public static double ToSeconds(TimeSpan duration)
    {
        var milliseconds = duration.Ticks / TimeSpan.TicksPerMillisecond;
        return (milliseconds / 1000) + (milliseconds % 1000 * 1_000_000 / 1e9);
    }

    /// <summary>The number of seconds as a duration; null if it is not one of whole milliseconds within the bounds.</summary>
    public static TimeSpan? FromSeconds(double seconds)
    {
        var nanoseconds = Math.Round(seconds * 1e9, MidpointRounding.AwayFromZero);
        // As in Prometheus, which rounds to nanoseconds first; beyond 2^53 of them a fraction of a second is not exact any more.
        if (!(Math.Abs(nanoseconds) < 1L << 53) && nanoseconds % 1e9 != 0)
        {
            return null;
        }
        if (!(Math.Abs(nanoseconds) < MaxDurationMilliseconds * 1e6))
        {
            return null;
        }
        var (milliseconds, rest) = Math.DivRem((long)nanoseconds, 1_000_000);
        return rest == 0 ? new TimeSpan(milliseconds * TimeSpan.TicksPerMillisecond) : null;
    }

    /// <summary>Place in <see cref="Units"/> and length of the unit at the start of the text; place -1 for none.</summary>
    private static (int Place, int Length) ParseUnit(ReadOnlySpan<char> text) =>
        text[0] switch
        {
            'y' => (0, 1),
            'w' => (1, 1),
            'd' => (2, 1),
            'h' => (3, 1),
            'm' when text.Length > 1 && text[1] == 's' => (6, 2),
            'm' => (4, 1),
            's' => (5, 1),
            _ => (-1, 1),
        };

    /// <summary>The value of a quoted string whose escapes the lexer has checked.</summary>
    public static string Unquote(ReadOnlySpan<char> quoted)
    {
        var inner = quoted[1..^1];
        return quoted[0] == '`' || !inner.Contains('\\') ? inner.ToString() : Unescape(inner);
    }

    /// <summary>
    /// Escapes name bytes, so the value is built as UTF-8; what is not valid in it becomes lone surrogates (see LabelMatcher).
    /// </summary>
    private static string Unescape(ReadOnlySpan<char> text)
    {
        var bytes = new ArrayBufferWriter<byte>(text.Length * 3);
        while (!text.IsEmpty)
        {
            var plain = text.IndexOf('\\');
            if (plain < 0)
            {
                plain = text.Length;
            }
            Encoding.UTF8.GetBytes(text[..plain], bytes);
            text = text[plain..];
            if (!text.IsEmpty)
            {
                text = text[UnescapeOne(text, bytes)..];
            }
        }
        return DecodeUtf8(bytes.WrittenSpan);
    }

    /// <summary>Writes the bytes that the escape at the start of the text stands for.</summary>
    /// <returns>Length of the escape.</returns>
    private static int UnescapeOne(ReadOnlySpan<char> text, ArrayBufferWriter<byte> bytes)
    {
        switch (text[1])
        {
            case >= '0' and <= '7':
                bytes.Write([(byte)(((text[1] - '0') << 6) + ((text[2] - '0') << 3) + (text[3] - '0'))]);
                return 4;
            case 'x':
                bytes.Write([byte.Parse(text.Slice(2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)]);
                return 4;
            case 'u' or 'U':
                var digits = text[1] == 'u' ? 4 : 8;
                var rune = new Rune(int.Parse(text.Slice(2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                bytes.Advance(rune.EncodeToUtf8(bytes.GetSpan(4)));
                return 2 + digits;
            default:
                bytes.Write([
                    text[1] switch
                    {
                        'a' => (byte)'\a',
                        'b' => (byte)'\b',
                        'f' => (byte)'\f',
                        'n' => (byte)'\n',
                        'r' => (byte)'\r',
                        't' => (byte)'\t',
                        'v' => (byte)'\v',
                        var itself => (byte)itself,
                    },
                ]);
                return 2;
        }
    }

    /// <summary>True if the text stands for bytes that are not all UTF-8 (see LabelMatcher).</summary>
    public static bool HasLoneSurrogate(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
            {
                continue;
            }
            if (i + 1 >= value.Length || !char.IsSurrogatePair(value[i], value[i + 1]))
            {
                return true;
            }
            i++;
        }
        return false;
    }

    private static string DecodeUtf8(ReadOnlySpan<byte> bytes)
    {
        var value = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            var valid = Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done;
            if (valid)
            {
                value.Append(rune);
            }
            else
            {
                foreach (var stray in bytes[..length])
                {
                    value.Append((char)(0xDC00 + stray));
                }
            }
            bytes = bytes[length..];
        }
        return value.ToString();
    }
}
