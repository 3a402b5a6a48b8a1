using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>The times for which it is not known whether a destination has samples, and the part of them to ask about next.</summary>
/// <remarks>
/// A part that was asked about in vain comes again when all others were asked about and a pause is over, which grows: a server that
/// cannot answer at all is not kept busy with that. The pauses begin anew when the server was away.
/// </remarks>
internal sealed class HistoryBacklog(long partLength, TimeProvider time)
{
    private static readonly TimeSpan MinPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    private SampleGap[] _waiting = [];
    private SampleGap[] _failed = [];
    private TimeSpan _pause = MinPause;
    private long _failedAt;

    /// <summary>All of them, oldest first.</summary>
    public SampleGap[] Unknown => SampleGap.Union(_waiting.Concat(_failed));

    /// <summary>Nothing is left to ask about.</summary>
    public bool IsEmpty => _waiting.Length == 0 && _failed.Length == 0;

    /// <summary>Something was asked about in vain and is to be asked about again.</summary>
    public bool HasFailed => _failed.Length > 0;

    /// <summary>A time that is still to be asked about.</summary>
    public void Add(SampleGap part) => _waiting = SampleGap.Union(_waiting.Append(part));

    /// <summary>The newest part that is to be asked about now; null if none is.</summary>
    public SampleGap? NextPart()
    {
        if (_waiting.Length == 0 && _failed.Length > 0 && time.GetElapsedTime(_failedAt) >= _pause)
        {
            (_waiting, _failed) = (_failed, []);
            _pause = _pause * 2 < MaxPause ? _pause * 2 : MaxPause;
        }

        return _waiting is [.., var newest] ? newest with { From = Math.Max(newest.From, newest.To - partLength) } : null;
    }

    /// <summary>A part is known now.</summary>
    public void MarkKnown(SampleGap part)
    {
        (_waiting, _failed) = (Subtract(_waiting, part), Subtract(_failed, part));
        if (IsEmpty)
        {
            _pause = MinPause;
        }
    }

    /// <summary>A part was asked about in vain.</summary>
    public void MarkFailed(SampleGap part)
    {
        // From the first failure on: new times that fail too must not put off the next try.
        if (_failed.Length == 0)
        {
            _failedAt = time.GetTimestamp();
        }
        (_waiting, _failed) = (Subtract(_waiting, part), SampleGap.Union(_failed.Append(part)));
    }

    /// <summary>The destination is away: all is asked about anew when it is back.</summary>
    public void RetryAll()
    {
        if (_failed.Length > 0)
        {
            (_waiting, _failed) = (Unknown, []);
        }
        _pause = MinPause;
    }

    /// <summary>What is older than a time does not matter any more.</summary>
    public void DropBefore(long oldest) => MarkKnown(new(long.MinValue, oldest));

    private static SampleGap[] Subtract(SampleGap[] times, SampleGap known) => [.. SampleGap.Subtract(times, new(known.From, known.To))];
}
