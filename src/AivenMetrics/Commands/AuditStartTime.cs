using System.Globalization;
using System.Text.RegularExpressions;

namespace AivenMetrics.Commands;

/// <summary>Parses the start of a period.</summary>
internal static partial class AuditStartTime
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-ddTHH:mm",
        "yyyy-MM-ddTHH:mm:ss",
        "yyyy-MM-ddTHH:mmK",
        "yyyy-MM-ddTHH:mm:ssK",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Parses a time (UTC unless it has an offset), or an age in hours or days such as <c>12h</c>.</summary>
    /// <returns>The time, or null if the text is neither.</returns>
    public static DateTimeOffset? Parse(string text, DateTimeOffset now)
    {
        if (Age().Match(text) is { Success: true } age)
        {
            var count = int.Parse(age.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            return now - (age.Groups[2].ValueSpan is "h" ? TimeSpan.FromHours(count) : TimeSpan.FromDays(count));
        }

        return DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;
    }

    [GeneratedRegex(@"^([1-9][0-9]{0,4})([hd])\z")]
    private static partial Regex Age();
}
