namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// How many bodies one tenant may have the gateway hold while they arrive. They come before any queue, so that without this a tenant that
/// sends slowly could fill the memory.
/// </summary>
/// <threadsafety>Safe.</threadsafety>
internal sealed class RequestBodyQuota
{
    /// <summary>A body beyond this many bytes counts as large.</summary>
    public const int SmallBodyBytes = 16 << 10;

    /// <summary>How long a body may take to arrive.</summary>
    public static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(10);

    private const int MaxBodies = 100;
    private const int MaxLargeBodies = 4;

    private int _held;
    private int _large;

    /// <summary>Takes room for a body that may grow to <see cref="SmallBodyBytes"/>; false if there is none.</summary>
    public bool TryAcquire() => TryIncrement(ref _held, MaxBodies);

    /// <summary>Takes room for growing further; false if there is none.</summary>
    public bool TryAcquireLarge() => TryIncrement(ref _large, MaxLargeBodies);

    /// <summary>Gives back what <see cref="TryAcquire"/> took, and <see cref="TryAcquireLarge"/> if it <paramref name="grew"/>.</summary>
    public void Release(bool grew)
    {
        if (grew)
        {
            Interlocked.Decrement(ref _large);
        }
        Interlocked.Decrement(ref _held);
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
