namespace AivenMetrics.Simulator.Api;

/// <summary>The rate limit: so many calls in any 60 s, then 429 until the oldest is over.</summary>
internal sealed class RateWindow(SimulatorOptions options, TimeProvider time)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(60);
    private readonly Lock gate = new();
    private readonly Queue<DateTimeOffset> calls = new();
    private (int Limit, bool RetryAfter) settings = (options.RequestsPerMinute, false);

    /// <summary>Calls in 60 s, 0: unlimited; whether a refusal says <c>Retry-After</c>. Setting forgets the calls so far.</summary>
    public (int Limit, bool RetryAfter) Settings
    {
        get
        {
            lock (gate)
                return settings;
        }

        set
        {
            lock (gate)
            {
                settings = value;
                calls.Clear();
            }
        }
    }

    /// <summary>Counts a call.</summary>
    /// <exception cref="AivenApiException">429; the refused call is not counted.</exception>
    public void Count()
    {
        lock (gate)
        {
            var now = time.GetUtcNow();
            while (calls.TryPeek(out var oldest) && oldest + Length <= now)
                calls.Dequeue();
            if (settings.Limit > 0 && calls.Count >= settings.Limit)
            {
                var wait = (int)Math.Ceiling((calls.Peek() + Length - now).TotalSeconds);
                throw AivenErrors.TooMany(settings.Limit, Math.Max(wait, 1), settings.RetryAfter);
            }

            if (settings.Limit > 0)
                calls.Enqueue(now);
        }
    }
}
