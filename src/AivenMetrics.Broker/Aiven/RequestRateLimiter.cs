namespace AivenMetrics.Broker.Aiven;

/// <summary>
/// Limits the rate of all requests with a token bucket: a burst of one fifth of the rate per minute, the rest evenly spaced, in the order
/// of arrival. The rate limiters of .NET support neither TimeProvider nor a pause requested by Aiven.
/// </summary>
/// <param name="perMinute">Maximum number of requests per minute, at least 10.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestRateLimiter(int perMinute, TimeProvider time)
{
    private static readonly TimeSpan MaximumPause = TimeSpan.FromMinutes(2);

    private readonly int _burst = Math.Max(1, perMinute / 5);
    private readonly TimeSpan _spacing = TimeSpan.FromMinutes(1) / Math.Max(1, perMinute - Math.Max(1, perMinute / 5));
    private readonly Lock _lock = new();
    private DateTimeOffset _next = DateTimeOffset.MinValue;
    private DateTimeOffset _pausedUntil = DateTimeOffset.MinValue;

    /// <summary>Waits for a permit and returns the duration of the wait.</summary>
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

    /// <summary>Issues no permits until <paramref name="pause"/> has elapsed (at most 2 minutes), as requested by Aiven.</summary>
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
            // A permit in the past is an unused token; the number of unused tokens is limited to the burst.
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
