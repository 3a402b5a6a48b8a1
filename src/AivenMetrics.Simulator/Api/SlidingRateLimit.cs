namespace AivenMetrics.Simulator.Api;

/// <summary>The rate limit: a maximum number of calls in any 60 s. Further calls fail with 429 until the oldest call is 60 s old.</summary>
internal sealed class SlidingRateLimit(SimulatorOptions options, TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);
    private readonly Lock _gate = new();
    private readonly Queue<DateTimeOffset> _calls = new();
    private (int Limit, bool RetryAfter) _settings = (options.RequestsPerMinute, false);

    /// <summary>
    /// Maximum number of calls in 60 s (0 for no limit), and whether 429 has <c>Retry-After</c>. Setting it resets the count.
    /// </summary>
    public (int Limit, bool RetryAfter) Settings
    {
        get
        {
            lock (_gate)
            {
                return _settings;
            }
        }
        set
        {
            lock (_gate)
            {
                _settings = value;
                _calls.Clear();
            }
        }
    }

    /// <summary>Counts a call.</summary>
    /// <exception cref="AivenApiException">429. The rejected call is not counted.</exception>
    public void CountCall()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            while (_calls.TryPeek(out var oldest) && oldest + Window <= now)
            {
                _calls.Dequeue();
            }
            if (_settings.Limit > 0 && _calls.Count >= _settings.Limit)
            {
                var wait = (int)Math.Ceiling((_calls.Peek() + Window - now).TotalSeconds);
                throw AivenErrors.TooManyRequests(_settings.Limit, Math.Max(wait, 1), _settings.RetryAfter);
            }

            if (_settings.Limit > 0)
            {
                _calls.Enqueue(now);
            }
        }
    }
}
