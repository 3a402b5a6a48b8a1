namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Limits the request bodies of one tenant that arrive at the same time. Bodies are read before any queue, so that a tenant that sends
/// slowly could otherwise fill the memory.
/// </summary>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class RequestBodyQuota
{
    /// <summary>The size in bytes beyond which a body counts as large, 16 KiB.</summary>
    public const int SmallBodyBytes = 16 << 10;

    /// <summary>The maximum time for a body to arrive. 10 s.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(10);

    private const int MaxBodies = 100;
    private const int MaxLargeBodies = 4;

    private int _bodies;
    private int _largeBodies;

    /// <summary>Acquires a slot for a body of at most <see cref="SmallBodyBytes"/>. Returns false if there is none.</summary>
    public bool TryAcquire() => TryIncrement(ref _bodies, MaxBodies);

    /// <summary>Acquires a slot for a large body, in addition. Returns false if there is none.</summary>
    public bool TryAcquireLarge() => TryIncrement(ref _largeBodies, MaxLargeBodies);

    /// <summary>Releases the slot of a body, and that of a large body if it is large.</summary>
    public void Release(bool grew)
    {
        if (grew)
        {
            Interlocked.Decrement(ref _largeBodies);
        }
        Interlocked.Decrement(ref _bodies);
    }

    private static bool TryIncrement(ref int taken, int most)
    {
        if (Interlocked.Increment(ref taken) <= most)
        {
            return true;
        }
        Interlocked.Decrement(ref taken);
        return false;
    }
}
