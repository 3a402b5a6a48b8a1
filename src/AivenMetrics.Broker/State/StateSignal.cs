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

/// <summary>The two signals of a broker process.</summary>
/// <param name="Intent">Wakes the reconciler: something else is wanted.</param>
/// <param name="Result">Wakes bind waiters and the feeds' long polls: something else is known.</param>
public sealed record StateSignals(StateSignal Intent, StateSignal Result)
{
    /// <summary>Two fresh signals.</summary>
    public StateSignals(TimeProvider time)
        : this(new StateSignal(time), new StateSignal(time))
    {
    }
}
