namespace AivenMetrics.Broker.State;

/// <summary>
/// A wake-up within the process, level-triggered: waiters re-read the database after it, and losing one costs only time.
/// </summary>
public sealed class StateSignal(TimeProvider time)
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = NewSource();
    private long version;

    /// <summary>Counts the notifications. Read it before reading the database, then wait from it: nothing in between is missed.</summary>
    public long Version
    {
        get
        {
            lock (gate)
                return version;
        }
    }

    /// <summary>Something changed: wakes every waiter.</summary>
    public void Notify()
    {
        TaskCompletionSource woken;
        lock (gate)
        {
            version++;
            woken = next;
            next = NewSource();
        }

        woken.SetResult();
    }

    /// <summary>Returns at the next <see cref="Notify"/>, or after <paramref name="atMost"/>.</summary>
    public Task Wait(TimeSpan atMost, CancellationToken ct) => Wait(Version, atMost, ct);

    /// <summary>Returns at once when anything was notified since <paramref name="seen"/> was read, else as the other overload.</summary>
    public async Task Wait(long seen, TimeSpan atMost, CancellationToken ct)
    {
        Task woken;
        lock (gate)
        {
            if (version != seen)
                return;
            woken = next.Task;
        }

        try
        {
            await woken.WaitAsync(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time, ct);
        }
        catch (TimeoutException)
        {
            // The time is up, which is as good a reason to look again as any.
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Several signals that one waiter listens to.</summary>
public sealed class SignalSet(params StateSignal[] signals)
{
    /// <summary>The counters of all; read them before reading the database, as with one signal.</summary>
    public IReadOnlyList<long> Versions => [.. signals.Select(signal => signal.Version)];

    /// <summary>Returns when any was notified since <paramref name="seen"/> was read, or after <paramref name="atMost"/>.</summary>
    public async Task Wait(IReadOnlyList<long> seen, TimeSpan atMost, CancellationToken ct)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var waits = signals.Select((signal, i) => signal.Wait(seen[i], atMost, first.Token)).ToList();
        await Task.WhenAny(waits);
        await first.CancelAsync();
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ct.ThrowIfCancellationRequested();
    }
}

/// <summary>The signals of a broker process.</summary>
/// <param name="Intent">Wakes the reconciler: something else is wanted.</param>
/// <param name="Result">Wakes the long polls of the target feed, and who waits for an inventory: something else is known.</param>
/// <param name="Decided">Wakes who waits for a bind, by its operation: it is decided or gone.</param>
/// <param name="Asked">Wakes the long polls of the credential feed: the gateways have credentials to take or to drop.</param>
/// <param name="Accepted">Wakes who waits for that: a gateway has accepted something.</param>
public sealed record StateSignals(StateSignal Intent, StateSignal Result, KeyedSignals Decided, StateSignal Asked, StateSignal Accepted)
{
    /// <summary>Fresh signals.</summary>
    public StateSignals(TimeProvider time)
        : this(new(time), new(time), new(time), new(time), new(time))
    {
    }
}
