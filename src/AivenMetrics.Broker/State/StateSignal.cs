namespace AivenMetrics.Broker.State;

/// <summary>
/// A wake-up within the process, level-triggered: waiters re-read the database after it, and losing one costs only time.
/// </summary>
public sealed class StateSignal(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _next = NewSource();
    private long _version;

    /// <summary>Counts the notifications. Read it before reading the database, then wait from it: nothing in between is missed.</summary>
    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    /// <summary>Something changed: wakes every waiter.</summary>
    public void Notify()
    {
        TaskCompletionSource woken;
        lock (_gate)
        {
            _version++;
            woken = _next;
            _next = NewSource();
        }

        woken.SetResult();
    }

    /// <summary>Returns at the next <see cref="Notify"/>, or after <paramref name="atMost"/>.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => WaitAsync(Version, atMost, cancellationToken);

    /// <summary>Returns at once when anything was notified since <paramref name="seen"/> was read, else as the other overload.</summary>
    public async Task WaitAsync(long seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task woken;
        lock (_gate)
        {
            if (_version != seen)
            {
                return;
            }
            woken = _next.Task;
        }

        try
        {
            await woken.WaitAsync(atMost > TimeSpan.Zero ? atMost : TimeSpan.Zero, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The time is up, which is as good a reason to look again as any.
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Several signals that one waiter listens to.</summary>
public sealed class StateSignalSet(params StateSignal[] signals)
{
    /// <summary>The counters of all; read them before reading the database, as with one signal.</summary>
    public IReadOnlyList<long> Versions => [.. signals.Select(signal => signal.Version)];

    /// <summary>Returns when any was notified since <paramref name="seen"/> was read, or after <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(IReadOnlyList<long> seen, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waits = signals.Select((signal, i) => signal.WaitAsync(seen[i], atMost, first.Token)).ToList();
        await Task.WhenAny(waits);
        await first.CancelAsync();
        await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}

/// <summary>The signals of a broker process.</summary>
/// <param name="DesiredStateChanged">Wakes the reconciler: something else is wanted.</param>
/// <param name="ObservedStateChanged">Wakes the long polls of the target feed, and who waits for an inventory: something else is known.</param>
/// <param name="BindDecided">Wakes who waits for a bind, by its operation: it is decided or gone.</param>
/// <param name="CredentialsChanged">Wakes the long polls of the credential feed: the gateways have credentials to take or to drop.</param>
/// <param name="GatewayAcknowledged">Wakes who waits for that: a gateway has accepted something.</param>
public sealed record StateSignals(
    StateSignal DesiredStateChanged,
    StateSignal ObservedStateChanged,
    KeyedStateSignals BindDecided,
    StateSignal CredentialsChanged,
    StateSignal GatewayAcknowledged
)
{
    /// <summary>Fresh signals.</summary>
    public StateSignals(TimeProvider time)
        : this(new(time), new(time), new(time), new(time), new(time)) { }
}
