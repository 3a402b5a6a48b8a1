namespace AivenMetrics.Gateway.Destinations;

/// <summary>The time that a request asks about, both ends in milliseconds since 1970.</summary>
internal readonly record struct QueryWindow(long From, long To);

/// <summary>
/// A time for which a destination has no samples: after the last one before it, until the first one behind it. Also a time for which it
/// may have none, as nothing is known of it.
/// </summary>
/// <param name="From">Milliseconds since 1970.</param>
/// <param name="To">Milliseconds since 1970, more than <paramref name="From"/>.</param>
internal readonly record struct SampleGap(long From, long To)
{
    /// <summary>How much of a time is in gaps.</summary>
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

    /// <summary>Sorted and without overlaps.</summary>
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

    /// <summary>What is left of gaps when a time is cut out of them.</summary>
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
    /// Whether one has a gap where another is known to have none, since a time and of more than a length: else there is no choice to make.
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

/// <summary>What is known of the times for which a destination has samples. Both oldest first and without overlaps.</summary>
/// <param name="Gaps">For these it has none.</param>
/// <param name="PossibleGaps">For these it is not known to have any: the gaps, and the times of which nothing is known yet.</param>
internal sealed record SampleHistory(SampleGap[] Gaps, SampleGap[] PossibleGaps)
{
    /// <summary>As long as nobody asks.</summary>
    public static SampleHistory Empty { get; } = new([], []);
}
