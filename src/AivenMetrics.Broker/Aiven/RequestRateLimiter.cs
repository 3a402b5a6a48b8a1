namespace AivenMetrics.Broker.Aiven;

/// <summary>
/// Keeps all calls together below a number of requests a minute: a token bucket that lets a fifth of the minute through at
/// once and spreads the rest, first come first served. Written here because the framework's limiters take no TimeProvider
/// and cannot be told to pause when Aiven says so.
/// </summary>
/// <param name="perMinute">The most requests in any minute, at least 10.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestRateLimiter(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan MaximumPause = TimeSpan.FromMinutes(2);

    private readonly int _burst = Math.Max(1, perMinute / 5);
    private readonly TimeSpan _spacing = TimeSpan.FromMinutes(1) / Math.Max(1, perMinute - Math.Max(1, perMinute / 5));
    private readonly Lock _lock = new();
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _pausedUntil = DateTimeOffset.MinValue;

    /// <summary>Waits for a turn and returns how long that took.</summary>
    public async ValueTask<TimeSpan> AcquireAsync(CancellationToken cancellationToken)
    {
        var wait = Reserve();
        if (wait <= TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }
        await Task.Delay(wait, time, cancellationToken);
        return wait;
    }

    /// <summary>Aiven has had enough: nobody gets a turn before <paramref name="pause"/> is over (at most two minutes).</summary>
    public void Pause(TimeSpan pause)
    {
        var until = time.GetUtcNow() + (pause < MaximumPause ? pause : MaximumPause);
        lock (_lock)
        {
            if (until > _pausedUntil)
            {
                _pausedUntil = until;
            }
        }
    }

    private TimeSpan Reserve()
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            // A turn in the past is a token that was saved; at most a burst of them are kept.
            var oldest = now - _spacing * (_burst - 1);
            var turn = _next < oldest ? oldest : _next;
            if (turn < _pausedUntil)
            {
                turn = _pausedUntil;
            }
            _next = turn + _spacing;
            return turn - now;
        }
    }
}
