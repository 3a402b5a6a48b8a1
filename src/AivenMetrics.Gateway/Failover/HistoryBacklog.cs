namespace AivenMetrics.Gateway.Failover;

/// <summary>The times for which it is not known whether a destination has samples, and the part of them to ask about next.</summary>
/// <remarks>
/// A part that was asked about in vain comes again when all others were asked about and a pause is over, which grows: a server that
/// cannot answer at all is not kept busy with that. The pauses begin anew when the server was away.
/// </remarks>
internal sealed class HistoryBacklog(long partLength, TimeProvider time)
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromHours(1);

    private Gap[] waiting = [];
    private Gap[] failed = [];
    private TimeSpan pause = PauseMin;
    private long failedAt;

    /// <summary>All of them, oldest first.</summary>
    public Gap[] Unknown => Gap.Union(waiting.Concat(failed));

    /// <summary>Nothing is left to ask about.</summary>
    public bool IsEmpty => waiting.Length == 0 && failed.Length == 0;

    /// <summary>Something was asked about in vain and is to be asked about again.</summary>
    public bool HasFailed => failed.Length > 0;

    /// <summary>A time that is still to be asked about.</summary>
    public void Add(Gap part) => waiting = Gap.Union(waiting.Append(part));

    /// <summary>The newest part that is to be asked about now; null if none is.</summary>
    public Gap? Next()
    {
        if (waiting.Length == 0 && failed.Length > 0 && time.GetElapsedTime(failedAt) >= pause)
        {
            (waiting, failed) = (failed, []);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }

        return waiting is [.., var newest] ? newest with { From = Math.Max(newest.From, newest.To - partLength) } : null;
    }

    /// <summary>A part is known now.</summary>
    public void Seen(Gap part)
    {
        (waiting, failed) = (Rest(waiting, part), Rest(failed, part));
        if (IsEmpty)
            pause = PauseMin;
    }

    /// <summary>A part was asked about in vain.</summary>
    public void Failed(Gap part)
    {
        // From the first failure on: new times that fail too must not put off the next try.
        if (failed.Length == 0)
            failedAt = time.GetTimestamp();
        (waiting, failed) = (Rest(waiting, part), Gap.Union(failed.Append(part)));
    }

    /// <summary>The destination is away: all is asked about anew when it is back.</summary>
    public void AskAnew()
    {
        if (failed.Length > 0)
            (waiting, failed) = (Unknown, []);
        pause = PauseMin;
    }

    /// <summary>What is older than a time does not matter any more.</summary>
    public void Forget(long oldest) => Seen(new(long.MinValue, oldest));

    private static Gap[] Rest(Gap[] times, Gap known) => [.. Gap.Without(times, new(known.From, known.To))];
}
