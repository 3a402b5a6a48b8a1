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
    public async Task<BindingRecord?> Wait(BindingRecord row, Patience patience, CancellationToken ct)
    {
        var limit = patience switch
        {
            Patience.Whole => budget,
            Patience.Short => budget < ShortPatience ? budget : ShortPatience,
            _ => TimeSpan.Zero,
        };
        var start = time.GetTimestamp();
        while (true)
        {
            var seen = signals.Result.Version;
            var current = await bindings.Find(row.InstanceId, row.BindingId, ct);
            if (current is null || current.Operation != row.Operation)
                return null;
            var left = limit - time.GetElapsedTime(start);
            if (current.OperationState != OperationState.InProgress || left <= TimeSpan.Zero)
                return current;
            await signals.Result.Wait(seen, left < Poll ? left : Poll, ct);
        }
    }
}
