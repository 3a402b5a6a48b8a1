using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// Finds gaps on a grid of times, each with the time of the newest sample then, if any. All times are in milliseconds.
/// </summary>
internal static class GapFinder
{
    /// <summary>
    /// Returns the gaps, oldest first: the runs of grid times whose newest sample is older than a reach. A gap begins with that sample, or,
    /// if none was found, a reach before its first grid time. It ends with the first grid time that has a newer sample, or a step after the
    /// last grid time.
    /// </summary>
    public static List<SampleGap> FindGaps(Dictionary<long, long> newest, long from, long to, long step, long reach)
    {
        var gaps = new List<SampleGap>();
        long? gapStart = null,
            last = null;
        for (var at = from; at <= to; at += step)
        {
            if (newest.TryGetValue(at, out var sampled))
            {
                last = sampled;
            }
            if (at - last > reach || last is null)
            {
                gapStart ??= last ?? at - reach;
                continue;
            }

            if (gapStart is { } start)
            {
                gaps.Add(new(start, at));
            }
            gapStart = null;
        }

        if (gapStart is { } open)
        {
            gaps.Add(new(open, to + step));
        }
        return gaps;
    }

    /// <summary>Returns the first sample after a time, as far as the grid shows; null if there is none.</summary>
    public static long? FirstSampleAfter(Dictionary<long, long> newest, long time)
    {
        long? first = null;
        foreach (var sampled in newest.Values)
        {
            if (sampled > time && !(first <= sampled))
            {
                first = sampled;
            }
        }
        return first;
    }
}
