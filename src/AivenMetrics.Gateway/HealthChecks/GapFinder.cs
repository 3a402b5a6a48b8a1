using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>Reads holes off a grid of times, of which each has the time of the newest sample then, or none. All in milliseconds.</summary>
internal static class GapFinder
{
    /// <summary>
    /// The runs of times whose newest sample is older than a reach, oldest first. Each hole begins with that sample, or, where none was
    /// seen, a reach before the first such time; it ends with the first time that has one again, or a step behind the last.
    /// </summary>
    public static List<SampleGap> FindGaps(Dictionary<long, long> newest, long from, long to, long step, long reach)
    {
        var holes = new List<SampleGap>();
        long? began = null,
            last = null;
        for (var at = from; at <= to; at += step)
        {
            if (newest.TryGetValue(at, out var sampled))
            {
                last = sampled;
            }
            if (at - last > reach || last is null)
            {
                began ??= last ?? at - reach;
                continue;
            }

            if (began is { } start)
            {
                holes.Add(new(start, at));
            }
            began = null;
        }

        if (began is { } open)
        {
            holes.Add(new(open, to + step));
        }
        return holes;
    }

    /// <summary>The first sample behind a time, as far as a grid shows; null if none is.</summary>
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
