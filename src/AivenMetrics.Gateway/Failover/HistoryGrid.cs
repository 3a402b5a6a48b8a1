namespace AivenMetrics.Gateway.Failover;

/// <summary>Reads holes off a grid of times at which a destination has, or lacks, a sample that is not older than a reach.</summary>
internal static class HistoryGrid
{
    /// <summary>
    /// The runs of times that lack one, oldest first. Each hole begins a reach before the first such time, because until then a sample
    /// would have counted, and ends a step behind the last.
    /// </summary>
    public static List<Gap> Holes(HashSet<long> present, long from, long to, long step, long reach)
    {
        var holes = new List<Gap>();
        long? first = null;
        for (var at = from; at <= to; at += step)
        {
            if (!present.Contains(at))
            {
                first ??= at;
                continue;
            }

            if (first is { } began)
                holes.Add(new(began - reach, at));
            first = null;
        }

        if (first is { } open)
            holes.Add(new(open - reach, to + step));
        return holes;
    }

    /// <summary>The first time of a grid that lacks a sample; the last of the grid if none does.</summary>
    public static long FirstMissing(HashSet<long> present, long from, long to, long step)
    {
        for (var at = from; at < to; at += step)
            if (!present.Contains(at))
                return at;
        return to;
    }
}
