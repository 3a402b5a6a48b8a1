using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Waits for the reconciler's verdict on a bind, which comes through the row: it may be another broker's reconciler.</summary>
internal sealed class BindWaiter(BindingStore bindings, StateSignals signals, TimeProvider time, TimeSpan budget)
{
    // Another process cannot wake us: this often we look by ourselves.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    // A platform that can wait by itself should not hold its connection; what is quick is still answered at once.
    private static readonly TimeSpan ShortPatience = TimeSpan.FromMilliseconds(500);

    internal enum Patience
    {
        /// <summary>Look once.</summary>
        None,

        /// <summary>Half a second, before a 202.</summary>
        Short,

        /// <summary>The configured budget.</summary>
        Whole,
    }

    /// <summary>How long a synchronous bind waits.</summary>
    public TimeSpan Budget => budget;

    /// <summary>The row when it is decided or the patience is over; null when it is gone or another bind took its place.</summary>
    public Task<BindingRecord?> Wait(BindingRecord row, Patience patience, CancellationToken ct) => Wait(row, patience, false, ct);

    /// <summary>As the other, for a row that was written a moment ago: it is not looked at before somebody says so or time has passed.</summary>
    public Task<BindingRecord?> WaitForNew(BindingRecord row, Patience patience, CancellationToken ct) => Wait(row, patience, true, ct);

    private async Task<BindingRecord?> Wait(BindingRecord row, Patience patience, bool isNew, CancellationToken ct)
    {
        using var watch = signals.Decided.On(row.Operation);
        var limit = patience switch
        {
            Patience.Whole => budget,
            Patience.Short => budget < ShortPatience ? budget : ShortPatience,
            _ => TimeSpan.Zero,
        };
        var start = time.GetTimestamp();
        if (isNew)
            await watch.Signal.Wait(limit < Poll ? limit : Poll, ct);
        while (true)
        {
            var seen = watch.Signal.Version;
            var current = await bindings.Find(row.InstanceId, row.BindingId, ct);
            if (current is null || current.Operation != row.Operation)
                return null;
            var left = limit - time.GetElapsedTime(start);
            if (current.OperationState != OperationState.InProgress || left <= TimeSpan.Zero)
                return current;
            await watch.Signal.Wait(seen, left < Poll ? left : Poll, ct);
        }
    }
}
