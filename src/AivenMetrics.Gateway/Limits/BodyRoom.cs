namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// How many bodies one tenant may have the gateway hold while they arrive. They come before any queue, so that without this a tenant that
/// sends slowly could fill the memory.
/// </summary>
/// <threadsafety>Safe.</threadsafety>
internal sealed class BodyRoom
{
    /// <summary>A body beyond this many bytes counts as large.</summary>
    public const int SmallLength = 16 << 10;

    /// <summary>How long a body may take to arrive.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int AtOnce = 100;
    private const int LargeAtOnce = 4;

    private int held;
    private int large;

    /// <summary>Takes room for a body that may grow to <see cref="SmallLength"/>; false if there is none.</summary>
    public bool TryEnter() => TryTake(ref held, AtOnce);

    /// <summary>Takes room for growing further; false if there is none.</summary>
    public bool TryGrow() => TryTake(ref large, LargeAtOnce);

    /// <summary>Gives back what <see cref="TryEnter"/> took, and <see cref="TryGrow"/> if it <paramref name="grew"/>.</summary>
    public void Leave(bool grew)
    {
        if (grew)
            Interlocked.Decrement(ref large);
        Interlocked.Decrement(ref held);
    }

    private static bool TryTake(ref int taken, int most)
    {
        if (Interlocked.Increment(ref taken) <= most)
            return true;
        Interlocked.Decrement(ref taken);
        return false;
    }
}
