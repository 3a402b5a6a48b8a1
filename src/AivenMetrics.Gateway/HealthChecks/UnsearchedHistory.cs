using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>
/// The time ranges whose history is not known, and the part to query next.
/// </summary>
/// <remarks>
/// A failed part is retried after all other parts were queried and a pause is over. The pause doubles from 1 min to 1 h, so that a server
/// that cannot respond is not kept busy. It is reset when the server was unavailable.
/// </remarks>
internal sealed class UnsearchedHistory(long partLength, TimeProvider time)
{
    private static readonly TimeSpan MinPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    private SampleGap[] _waiting = [];
    private SampleGap[] _failed = [];
    private TimeSpan _pause = MinPause;
    private long _failedAt;

    /// <summary>All unknown time ranges, oldest first.</summary>
    public SampleGap[] Unknown => SampleGap.Union(_waiting.Concat(_failed));

    /// <summary>Whether no part is left to query.</summary>
    public bool IsEmpty => _waiting.Length == 0 && _failed.Length == 0;

    /// <summary>Whether a failed part is waiting for a retry.</summary>
    public bool HasFailed => _failed.Length > 0;

    /// <summary>Adds a time range to query.</summary>
    public void Add(SampleGap part) => _waiting = SampleGap.Union(_waiting.Append(part));

    /// <summary>Returns the newest part to query now; null if there is none.</summary>
    public SampleGap? NextPart()
    {
        if (_waiting.Length == 0 && _failed.Length > 0 && time.GetElapsedTime(_failedAt) >= _pause)
        {
            (_waiting, _failed) = (_failed, []);
            _pause = _pause * 2 < MaxPause ? _pause * 2 : MaxPause;
        }

        return _waiting is [.., var newest] ? newest with { From = Math.Max(newest.From, newest.To - partLength) } : null;
    }

    /// <summary>Removes a part whose history is known.</summary>
    public void MarkKnown(SampleGap part)
    {
        (_waiting, _failed) = (Subtract(_waiting, part), Subtract(_failed, part));
        if (IsEmpty)
        {
            _pause = MinPause;
        }
    }

    /// <summary>Marks a part as failed.</summary>
    public void MarkFailed(SampleGap part)
    {
        // The pause starts with the first failure: later failures do not postpone the retry.
        if (_failed.Length == 0)
        {
            _failedAt = time.GetTimestamp();
        }
        (_waiting, _failed) = (Subtract(_waiting, part), SampleGap.Union(_failed.Append(part)));
    }

    /// <summary>Schedules all failed parts again and resets the pause, for a destination that was unavailable.</summary>
    public void RetryAll()
    {
        if (_failed.Length > 0)
        {
            (_waiting, _failed) = (Unknown, []);
        }
        _pause = MinPause;
    }

    /// <summary>Removes everything before a time.</summary>
    public void DropBefore(long oldest) => MarkKnown(new(long.MinValue, oldest));

    private static SampleGap[] Subtract(SampleGap[] times, SampleGap known) => [.. SampleGap.Subtract(times, new(known.From, known.To))];
}
