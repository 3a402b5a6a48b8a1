using System.Buffers;
using System.Globalization;
using System.Text;

namespace AivenMetrics.PromQL;

/// <summary>Converts the text of a scanned token to its value.</summary>
internal static class Literals
{
    // Prometheus stores durations as nanoseconds in 64 bits: at most about 292 years.
    private const long MaxDurationMilliseconds = long.MaxValue / 1_000_000;

    private static ReadOnlySpan<long> Units => [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1];

    /// <summary>
    /// Parses a number as Go does: an integer with a base prefix (<c>0x1f</c>, octal <c>017</c>) if possible, otherwise a decimal
    /// floating-point number.
    /// </summary>
    /// <returns>The number, or null with the reason in <paramref name="error"/>.</returns>
    public static double? ParseNumber(ReadOnlySpan<char> text, out string error)
    {
        error = "";
        if (!text.Contains('_'))
        {
            return ParsePlainNumber(text, out error);
        }
        // Prometheus 3 ignores an underscore between two digits or after 0x. Texts such as 1_e5 are not numbers.
        if (
            ParsePlainNumber(text.ToString().Replace("_", "", StringComparison.Ordinal), out _) is { } number
            && UnderscoresSeparateDigits(text)
        )
        {
            return number;
        }
        error = $"error parsing number: {Printer.Quote(text)} is not a number or out of range";
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
        // Prometheus' lexer reads an e in a hexadecimal number as an exponent. It allows one such e, but not as the last digit.
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

        error = $"error parsing number: {Printer.Quote(text)} is not a number or out of range";
        return null;
    }

    /// <summary>
    /// Returns the value if the text is 0 followed by octal digits and fits into 63 bits. <c>08</c> and larger values are read as decimal
    /// numbers.
    /// </summary>
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

    /// <summary>Parses a duration: numbers with the units y, w, d, h, m, s, ms in this order, each at most once.</summary>
    /// <returns>The duration, or null with the reason in <paramref name="error"/>.</returns>
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

    /// <summary>Returns the duration in seconds, rounded as in Go.</summary>
    public static double ToSeconds(TimeSpan duration)
    {
        var milliseconds = duration.Ticks / TimeSpan.TicksPerMillisecond;
        return (milliseconds / 1000) + (milliseconds % 1000 * 1_000_000 / 1e9);
    }

    /// <summary>Converts seconds to a duration. Returns null if the value is out of range or not a whole number of milliseconds.</summary>
    public static TimeSpan? FromSeconds(double seconds)
    {
        var nanoseconds = Math.Round(seconds * 1e9, MidpointRounding.AwayFromZero);
        // Prometheus rounds to nanoseconds first. Above 2^53 ns, a double cannot represent every fraction of a second.
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

    /// <summary>
    /// Returns the index in <see cref="Units"/> and the length of the unit at the start of the text. The index is -1 if there is no unit.
    /// </summary>
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

    /// <summary>Returns the value of a quoted string. The lexer has already checked its escape sequences.</summary>
    public static string Unquote(ReadOnlySpan<char> quoted)
    {
        var inner = quoted[1..^1];
        return quoted[0] == '`' || !inner.Contains('\\') ? inner.ToString() : Unescape(inner);
    }

    /// <summary>
    /// Decodes escape sequences. They denote bytes, so the value is built as UTF-8; bytes that are not valid UTF-8 become lone surrogates
    /// (see LabelMatcher).
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

    /// <summary>Writes the bytes of the escape sequence at the start of the text.</summary>
    /// <returns>The length of the escape sequence.</returns>
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

    /// <summary>Returns true if the text contains bytes that are not valid UTF-8 (see LabelMatcher).</summary>
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
