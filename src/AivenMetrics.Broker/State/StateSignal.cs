namespace AivenMetrics.Broker.State;

/// <summary>A level-triggered signal within the process. Waiters read the database again after it; a lost signal only costs time.</summary>
public sealed class StateSignal(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _next = NewSource();
    private long _version;

    /// <summary>
    /// Number of notifications. Read it before reading the database and pass it to Wait, so that no notification in between is missed.
    /// </summary>
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

    /// <summary>Wakes all waiters.</summary>
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

    /// <summary>Returns after the next <see cref="Notify"/>, or after <paramref name="atMost"/>.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => WaitAsync(Version, atMost, cancellationToken);

    /// <summary>
    /// Returns immediately if there was a notification since <paramref name="seen"/> was read; otherwise waits like the other overload.
    /// </summary>
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
            // After the timeout, the caller reads the database again, as after a notification.
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A set of signals with one waiter.</summary>
public sealed class StateSignalSet(params StateSignal[] signals)
{
    /// <summary>Counters of all signals. Read them before reading the database, as with one signal.</summary>
    public IReadOnlyList<long> Versions => [.. signals.Select(signal => signal.Version)];

    /// <summary>Returns after a notification since <paramref name="seen"/> was read, or after <paramref name="atMost"/>.</summary>
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
/// <param name="DesiredStateChanged">Wakes the reconciler.</param>
/// <param name="ObservedStateChanged">Wakes long polls of the target feed, and requests that wait for an inventory.</param>
/// <param name="BindDecided">Wakes requests that wait for a bind, by operation, when it is decided or deleted.</param>
/// <param name="CredentialsChanged">Wakes long polls of the credential feed, because credentials were added or removed.</param>
/// <param name="GatewayAcknowledged">Wakes requests and loops that wait for acknowledgements of gateways.</param>
public sealed record StateSignals(
    StateSignal DesiredStateChanged,
    StateSignal ObservedStateChanged,
    KeyedStateSignals BindDecided,
    StateSignal CredentialsChanged,
    StateSignal GatewayAcknowledged
)
{
    /// <summary>Creates new signals.</summary>
    public StateSignals(TimeProvider time)
        : this(new(time), new(time), new(time), new(time), new(time)) { }
}
