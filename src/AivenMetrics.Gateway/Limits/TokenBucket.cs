namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// So many requests per second, and a burst after a quiet time: a bucket of tokens, kept as the time at which it is full again. The
/// framework's limiters take no <see cref="TimeProvider"/> and want a timer for each tenant; this is one number.
/// </summary>
/// <threadsafety>Safe: one compare-and-swap for each request.</threadsafety>
internal sealed class TokenBucket(int perSecond, int burst, TimeProvider time)
{
    private readonly long _interval = Math.Max(1, time.TimestampFrequency / perSecond);
    private long _fullAt = long.MinValue;

    /// <summary>Takes a token.</summary>
    /// <returns>How long until there is one; null if one was taken.</returns>
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

    /// <summary>The tokens that are gone, 0 to the burst.</summary>
    public int UsedTokens() =>
        (int)Math.Min(burst, (Math.Max(0, Volatile.Read(ref _fullAt) - Math.Max(0, time.GetTimestamp())) + _interval - 1) / _interval);
}
