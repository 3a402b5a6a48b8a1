namespace AivenMetrics.Gateway.Destinations;

/// <summary>The time range that a request reads, in milliseconds since 1970 (UTC).</summary>
internal readonly record struct QueryWindow(long From, long To);

/// <summary>
/// A time range without samples of a destination: from the last sample before it until the first sample after it. Also a time range of
/// which the history is not known.
/// </summary>
/// <param name="From">The start, in milliseconds since 1970.</param>
/// <param name="To">The end, in milliseconds since 1970, later than <paramref name="From"/>.</param>
internal readonly record struct SampleGap(long From, long To)
{
    /// <summary>Returns the part of a time range that lies in gaps.</summary>
    public static TimeSpan MissingTime(SampleGap[] gaps, QueryWindow window)
    {
        var missing = 0L;
        foreach (var gap in gaps)
        {
            if (gap.To > window.From && gap.From <= window.To)
            {
                missing += Math.Max(1, Math.Min(gap.To, window.To) - Math.Max(gap.From, window.From));
            }
        }
        return TimeSpan.FromMilliseconds(missing);
    }

    /// <summary>Returns the union of gaps, sorted and without overlaps.</summary>
    public static SampleGap[] Union(IEnumerable<SampleGap> gaps)
    {
        var united = new List<SampleGap>();
        foreach (var gap in gaps.OrderBy(g => g.From))
        {
            if (united.Count > 0 && gap.From <= united[^1].To)
            {
                united[^1] = united[^1] with { To = Math.Max(united[^1].To, gap.To) };
            }
            else
            {
                united.Add(gap);
            }
        }
        return [.. united];
    }

    /// <summary>Returns the parts of gaps outside a time range.</summary>
    public static IEnumerable<SampleGap> Subtract(IEnumerable<SampleGap> gaps, QueryWindow cut)
    {
        foreach (var gap in gaps)
        {
            if (gap.From < cut.From)
            {
                yield return gap with
                {
                    To = Math.Min(gap.To, cut.From),
                };
            }
            if (gap.To > cut.To)
            {
                yield return gap with
                {
                    From = Math.Max(gap.From, cut.To),
                };
            }
        }
    }

    /// <summary>
    /// Returns whether one destination has a gap, later than a time and longer than a duration, where another certainly has samples. Only
    /// then is there a choice.
    /// </summary>
    public static bool Differ(IReadOnlyList<SampleHistory> all, long since, TimeSpan length) =>
        all.Any(one =>
            all.Any(other =>
            {
                var rest = Subtract(one.Gaps, new(long.MinValue, since));
                foreach (var gap in other.PossibleGaps)
                {
                    rest = Subtract(rest.ToList(), new(gap.From, gap.To));
                }
                return rest.Any(gap => gap.To - gap.From > length.TotalMilliseconds);
            })
        );
}

/// <summary>The known history of a destination's samples. Both lists are sorted, oldest first, without overlaps.</summary>
/// <param name="Gaps">Time ranges without samples.</param>
/// <param name="PossibleGaps">The gaps, and the time ranges of which the history is not known yet.</param>
internal sealed record SampleHistory(SampleGap[] Gaps, SampleGap[] PossibleGaps)
{
    /// <summary>The history of a destination whose history is not monitored.</summary>
    public static SampleHistory Empty { get; } = new([], []);
}
