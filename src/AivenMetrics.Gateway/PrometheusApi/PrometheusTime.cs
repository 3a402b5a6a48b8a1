using System.Buffers;
using System.Globalization;

namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>
/// Parses times and durations of requests as Prometheus does (<c>web/api/v1/api.go</c>: parseTime and parseDuration). A plain decimal
/// number is forwarded unchanged, because every engine reads it alike. Every other notation is forwarded as the parsed number, so that the
/// server cannot read a value that the gateway did not check.
/// </summary>
internal static class PrometheusTime
{
    // The minimum and maximum time of Go, which clients send for an open time range.
    private const string MinText = "-292273086-05-16T16:47:06Z";
    private const string MaxText = "292277025-08-18T07:12:54.999999999Z";
    private static readonly SearchValues<char> DecimalCharacters = SearchValues.Create("0123456789+-.eE");

    private const double MaxSeconds = 9_223_309_901_257_974;
    private const double MaxNanoseconds = 9.2e18;

    /// <summary>Parses a time.</summary>
    /// <param name="text">Seconds since 1970, or RFC 3339.</param>
    /// <param name="milliseconds">Milliseconds since 1970.</param>
    /// <param name="forwarded">The text to forward.</param>
    public static bool TryParseTime(string text, out long milliseconds, out string forwarded)
    {
        (milliseconds, forwarded) = (0, text);
        if (TryParseNumber(text, out var seconds, out var isPlain))
        {
            if (!(Math.Abs(seconds) <= MaxSeconds))
            {
                return false;
            }
            var whole = Math.Truncate(seconds);
            milliseconds = ((long)whole * 1000) + (long)Math.Round((seconds - whole) * 1000, MidpointRounding.AwayFromZero);
            forwarded = isPlain ? text : Format(milliseconds);
            return true;
        }

        if (text is MinText or MaxText)
        {
            milliseconds = text == MinText ? -(long)MaxSeconds * 1000 : (long)MaxSeconds * 1000;
            return true;
        }

        if (!TryParseRfc3339(text, out milliseconds))
        {
            return false;
        }
        forwarded = Format(milliseconds);
        return true;
    }

    /// <summary>Parses a duration.</summary>
    /// <param name="text">Seconds, or units of Prometheus, such as <c>1h30m</c>.</param>
    /// <param name="nanoseconds">The duration in nanoseconds.</param>
    /// <param name="forwarded">The text to forward.</param>
    public static bool TryParseDuration(string text, out long nanoseconds, out string forwarded)
    {
        (nanoseconds, forwarded) = (0, text);
        if (TryParseNumber(text, out var seconds, out var isPlain))
        {
            if (!(Math.Abs(seconds * 1e9) <= MaxNanoseconds))
            {
                return false;
            }
            nanoseconds = (long)(seconds * 1e9);
            forwarded = isPlain ? text : (nanoseconds / 1e9).ToString("0.#########", CultureInfo.InvariantCulture);
            return true;
        }

        return TryParseUnits(text, out nanoseconds);
    }

    /// <summary>Formats a duration in the largest units that fit, such as <c>93d</c> and <c>1h30m</c>.</summary>
    public static string Format(TimeSpan span)
    {
        var text = "";
        foreach (
            var (unit, length) in new[]
            {
                ("d", TimeSpan.FromDays(1)),
                ("h", TimeSpan.FromHours(1)),
                ("m", TimeSpan.FromMinutes(1)),
                ("s", TimeSpan.FromSeconds(1)),
                ("ms", TimeSpan.FromMilliseconds(1)),
            }
        )
        {
            if (span >= length)
            {
                text += string.Create(CultureInfo.InvariantCulture, $"{(long)(span / length)}{unit}");
            }
            span = TimeSpan.FromTicks(span.Ticks % length.Ticks);
        }

        return text.Length == 0 ? "0s" : text;
    }

    private static string Format(long milliseconds) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(milliseconds < 0 ? "-" : "")}{Math.Abs(milliseconds) / 1000}.{Math.Abs(milliseconds) % 1000:000}"
        );

    /// <summary>
    /// Parses a number as Go's ParseFloat: decimal, or hexadecimal with a binary exponent, with underscores between digits. Infinities and
    /// NaN are rejected, because their meaning as a time depends on the processor.
    /// </summary>
    private static bool TryParseNumber(string text, out double number, out bool isPlain)
    {
        number = 0;
        isPlain = text.Length is > 0 and <= 64 && !text.AsSpan().ContainsAnyExcept(DecimalCharacters);
        if (isPlain)
        {
            return TryParseDecimal(text, out number);
        }
        if (text.Length is 0 or > 64)
        {
            return false;
        }
        var isHexadecimal = text.Contains('x', StringComparison.OrdinalIgnoreCase);
        if (!HasValidUnderscores(text, isHexadecimal))
        {
            return false;
        }
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        return isHexadecimal ? TryParseHexadecimal(digits, out number) : TryParseDecimal(digits, out number);
    }

    private static bool TryParseDecimal(string text, out double number) =>
        double.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture,
            out number
        )
        && double.IsFinite(number)
        && !text.AsSpan().ContainsAnyExcept(DecimalCharacters);

    private static bool HasValidUnderscores(string text, bool hexadecimal)
    {
        for (var at = text.IndexOf('_', StringComparison.Ordinal); at >= 0; at = text.IndexOf('_', at + 1))
        {
            if (
                at == 0
                || at == text.Length - 1
                || !(IsDigit(text[at - 1]) || (hexadecimal && text[at - 1] is 'x' or 'X'))
                || !IsDigit(text[at + 1])
            )
            {
                return false;
            }
        }
        return true;

        bool IsDigit(char c) => hexadecimal ? char.IsAsciiHexDigit(c) : char.IsAsciiDigit(c);
    }

    private static bool TryParseHexadecimal(string text, out double number)
    {
        number = 0;
        var sign = text[0] == '-' ? -1 : 1;
        var rest = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        var power = rest.IndexOfAny('p', 'P');
        if (
            !rest.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            || power < 0
            || !int.TryParse(rest[(power + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
        )
        {
            return false;
        }

        var (digits, point) = (0, false);
        foreach (var c in rest[2..power])
        {
            if (c == '.' && !point)
            {
                point = true;
                continue;
            }

            // A double holds 13 hexadecimal digits exactly. Longer numbers are rejected.
            if (!char.IsAsciiHexDigit(c) || ++digits > 13)
            {
                return false;
            }
            number = (number * 16) + Convert.ToInt32(c.ToString(), 16);
            exponent -= point ? 4 : 0;
        }

        number = sign * Math.ScaleB(number, exponent);
        return digits > 0 && double.IsFinite(number);
    }

    /// <summary>Parses RFC 3339 as Go's time.Parse: the hour may have one digit, the fraction a comma, and an offset any size.</summary>
    private static bool TryParseRfc3339(string text, out long milliseconds)
    {
        milliseconds = 0;
        var rest = text.AsSpan();
        if (
            !TryReadNumber(ref rest, 4, out var year)
            || !TryReadCharacter(ref rest, '-')
            || !TryReadNumber(ref rest, 2, out var month)
            || !TryReadCharacter(ref rest, '-')
            || !TryReadNumber(ref rest, 2, out var day)
            || !TryReadCharacter(ref rest, 'T')
            || !TryReadNumber(ref rest, rest.Length > 1 && rest[1] == ':' ? 1 : 2, out var hour)
            || !TryReadCharacter(ref rest, ':')
            || !TryReadNumber(ref rest, 2, out var minute)
            || !TryReadCharacter(ref rest, ':')
            || !TryReadNumber(ref rest, 2, out var second)
        )
        {
            return false;
        }
        var fraction = 0;
        if (TryReadCharacter(ref rest, '.') || TryReadCharacter(ref rest, ','))
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : rest.Length;
            if (digits == 0)
            {
                return false;
            }
            for (var i = 0; i < 3; i++)
            {
                fraction = (fraction * 10) + (i < digits ? rest[i] - '0' : 0);
            }
            rest = rest[digits..];
        }

        if (!TryParseOffset(rest, out var offset) || month is < 1 or > 12 || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }
        // The calendar repeats every 400 years: year 0, which Go supports and .NET does not, has the calendar of year 400.
        var known = year == 0 ? 400 : year;
        if (day < 1 || day > DateTime.DaysInMonth(known, month))
        {
            return false;
        }
        var days =
            (new DateTime(known, month, day, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).Days - (year == 0 ? DaysIn400Years : 0);
        milliseconds = ((((((days * 24L) + hour) * 60) + minute) * 60 + second - offset) * 1000) + fraction;
        return true;
    }

    private const int DaysIn400Years = 146_097;

    private static bool TryParseOffset(ReadOnlySpan<char> text, out int seconds)
    {
        seconds = 0;
        if (text is "Z")
        {
            return true;
        }
        if (text.Length != 6 || text[0] is not ('+' or '-'))
        {
            return false;
        }
        var sign = text[0] == '-' ? -1 : 1;
        var rest = text[1..];
        if (!TryReadNumber(ref rest, 2, out var hours) || !TryReadCharacter(ref rest, ':') || !TryReadNumber(ref rest, 2, out var minutes))
        {
            return false;
        }
        seconds = sign * ((hours * 3600) + (minutes * 60));
        return true;
    }

    private static bool TryParseUnits(string text, out long nanoseconds)
    {
        nanoseconds = 0;
        ReadOnlySpan<string> units = ["y", "w", "d", "h", "m", "s", "ms"];
        ReadOnlySpan<long> lengths = [31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1_000, 1];
        if (text.Length == 0)
        {
            return false;
        }
        var rest = text.AsSpan();
        var next = 0;
        Int128 sum = 0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits is <= 0 or > 18)
            {
                return false;
            }
            var number = long.Parse(rest[..digits], CultureInfo.InvariantCulture);
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9') is >= 0 and var end ? end : rest.Length;
            var unit = -1;
            for (var i = next; i < units.Length && unit < 0; i++)
            {
                unit = rest[..letters].SequenceEqual(units[i]) ? i : -1;
            }
            if (unit < 0)
            {
                return false;
            }
            next = unit + 1;
            rest = rest[letters..];
            sum += (Int128)number * lengths[unit] * 1_000_000;
        }

        if (sum > long.MaxValue)
        {
            return false;
        }
        nanoseconds = (long)sum;
        return true;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<char> rest, int digits, out int number)
    {
        number = 0;
        if (rest.Length < digits || !int.TryParse(rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out number))
        {
            return false;
        }
        rest = rest[digits..];
        return true;
    }

    private static bool TryReadCharacter(ref ReadOnlySpan<char> rest, char c)
    {
        if (rest.IsEmpty || rest[0] != c)
        {
            return false;
        }
        rest = rest[1..];
        return true;
    }
}
