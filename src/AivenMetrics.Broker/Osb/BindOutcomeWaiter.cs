using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Waits for the reconciler's verdict on a bind, which comes through the row: it may be another broker's reconciler.</summary>
internal sealed class BindOutcomeWaiter(BindingStore bindings, StateSignals signals, TimeProvider time, TimeSpan budget)
{
    // Another process cannot wake us: this often we look by ourselves.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    // A platform that can wait by itself should not hold its connection; what is quick is still answered at once.
    private static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(500);

    internal enum WaitTimeout
    {
        /// <summary>Look once.</summary>
        None,

        /// <summary>Half a second, before a 202.</summary>
        Short,

        /// <summary>The configured budget.</summary>
        Full,
    }

    /// <summary>How long a synchronous bind waits.</summary>
    public TimeSpan Budget => budget;

    /// <summary>The row when it is decided or the patience is over; null when it is gone or another bind took its place.</summary>
    public Task<BindingRecord?> WaitAsync(BindingRecord row, WaitTimeout timeout, CancellationToken cancellationToken) =>
        WaitAsync(row, timeout, false, cancellationToken);

    /// <summary>As the other, for a row that was written a moment ago: it is not looked at before somebody says so or time has passed.</summary>
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
            var seen = watch.Signal.Version;
            var current = await bindings.FindAsync(row.InstanceId, row.BindingId, cancellationToken);
            if (current is null || current.Operation != row.Operation)
            {
                return null;
            }
            var left = limit - time.GetElapsedTime(start);
            if (current.OperationState != OperationState.InProgress || left <= TimeSpan.Zero)
            {
                return current;
            }
            await watch.Signal.WaitAsync(seen, left < PollInterval ? left : PollInterval, cancellationToken);
        }
    }
}
