using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Waits for the outcome of a bind. The reconciler, possibly of another broker, writes it into the row.</summary>
internal sealed class BindOutcomeWaiter(BindingStore bindings, StateSignals signals, TimeProvider time, TimeSpan budget)
{
    // Other processes cannot notify this one, so the row is also polled.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    // A platform that polls by itself should not hold its connection. A quick bind still completes within this time.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(500);

    internal enum WaitTimeout
    {
        /// <summary>Reads the row once.</summary>
        None,

        /// <summary>Half a second, before a 202 response.</summary>
        Short,

        /// <summary>The configured budget.</summary>
        Full,
    }

    /// <summary>Maximum time for which a synchronous bind waits.</summary>
    public TimeSpan Budget => budget;

    /// <summary>
    /// Returns the row once the bind is decided or the timeout has elapsed; null if it no longer exists or another bind replaced it.
    /// </summary>
    public Task<BindingRecord?> WaitAsync(BindingRecord row, WaitTimeout timeout, CancellationToken cancellationToken) =>
        WaitAsync(row, timeout, false, cancellationToken);

    /// <summary>
    /// Like <see cref="WaitAsync(BindingRecord, WaitTimeout, CancellationToken)"/>, for a row just inserted: does not read it before a
    /// notification or the first poll interval.
    /// </summary>
    public Task<BindingRecord?> WaitForNewAsync(BindingRecord row, WaitTimeout timeout, CancellationToken cancellationToken) =>
        WaitAsync(row, timeout, true, cancellationToken);

    private async Task<BindingRecord?> WaitAsync(BindingRecord row, WaitTimeout timeout, bool isNew, CancellationToken cancellationToken)
    {
        using var watch = signals.BindDecided.Subscribe(row.Operation);
        var limit = timeout switch
        {
            WaitTimeout.Full => budget,
            WaitTimeout.Short => budget < ShortTimeout ? budget : ShortTimeout,
            _ => TimeSpan.Zero,
        };
        var start = time.GetTimestamp();
        if (isNew)
        {
            await watch.Signal.WaitAsync(limit < PollInterval ? limit : PollInterval, cancellationToken);
        }
        while (true)
        {
            var seenVersion = watch.Signal.Version;
            var current = await bindings.FindAsync(row.InstanceId, row.BindingId, cancellationToken);
            if (current is null || current.Operation != row.Operation)
            {
                return null;
            }
            var remaining = limit - time.GetElapsedTime(start);
            if (current.OperationState != OperationState.InProgress || remaining <= TimeSpan.Zero)
            {
                return current;
            }
            await watch.Signal.WaitAsync(seenVersion, remaining < PollInterval ? remaining : PollInterval, cancellationToken);
        }
    }
}
