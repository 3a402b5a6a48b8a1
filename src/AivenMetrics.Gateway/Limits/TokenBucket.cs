namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Limits the request rate: a number of requests per second, and a burst after a quiet time. The state is one number, the time at which the
/// bucket is full again. The rate limiters of .NET use no <see cref="TimeProvider"/> and need a timer per tenant.
/// </summary>
/// <threadsafety>Thread-safe: one compare-and-swap per request.</threadsafety>
internal sealed class TokenBucket(int perSecond, int burst, TimeProvider time)
{
    private readonly long _interval = Math.Max(1, time.TimestampFrequency / perSecond);
    private long _fullAt = long.MinValue;

    /// <summary>Takes a token.</summary>
    /// <returns>The time until the next token is available; null if one was taken.</returns>
    public TimeSpan? Take()
    {
        while (true)
        {
            var now = time.GetTimestamp();
            var before = Volatile.Read(ref _fullAt);
            var after = Math.Max(before, now) + _interval;
            if (after - now > _interval * burst)
            {
                return time.GetElapsedTime(now, after - (_interval * burst));
            }
            if (Interlocked.CompareExchange(ref _fullAt, after, before) == before)
            {
                return null;
            }
        }
    }

    /// <summary>Returns the number of used tokens, 0 to the burst.</summary>
    public int UsedTokens() =>
        (int)Math.Min(burst, (Math.Max(0, Volatile.Read(ref _fullAt) - Math.Max(0, time.GetTimestamp())) + _interval - 1) / _interval);
}
