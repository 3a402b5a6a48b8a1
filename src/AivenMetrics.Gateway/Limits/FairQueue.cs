namespace AivenMetrics.Gateway.Limits;

/// <summary>How a wait for a place ended.</summary>
internal enum AdmissionResult
{
    /// <summary>With a place.</summary>
    Admitted,

    /// <summary>As many of this tenant wait as may.</summary>
    QueueFull,

    /// <summary>The tenant's own queries took too long to make room.</summary>
    TimedOut,

    /// <summary>There was no room for anybody: not this tenant's doing.</summary>
    Overloaded,
}

/// <summary>
/// A number of places that tenants share fairly.
/// </summary>
/// <remarks>
/// 1. Each tenant has a <see cref="TenantQueue"/>: so many may be in, so many may wait, and for so long.
/// 2. Whoever finds a free place and room in its lane goes in. Otherwise it waits at the end of its lane.
/// 3. Lanes that have both somebody waiting and room stand in a ring. A place that gets free goes to the lane at its head, which then
///    goes to its end. So a tenant that asks ten times as much waits ten times as long, and the others do not notice.
/// 4. A place is given back before the lane is left (<see cref="Lease.ReleaseSlot"/>): a slow reader holds up only itself.
/// Whenever a lock is released, either no place is free or the ring is empty.
/// </remarks>
/// <threadsafety>Safe. The lock is held for a few instructions, also while many wait.</threadsafety>
internal sealed class FairQueue(int places, TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly Queue<TenantQueue> _ring = new();
    private int _free = places;
    private int _taken;
    private int _waiting;

    /// <summary>Places that are taken.</summary>
    public int ActiveCount => Volatile.Read(ref _taken);

    /// <summary>Those who wait, of all tenants.</summary>
    public int WaitingCount => Volatile.Read(ref _waiting);

    /// <summary>Waits for a place.</summary>
    /// <returns>The place, to be disposed; or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The client went; it holds nothing.</exception>
    public ValueTask<(Lease? Place, AdmissionResult Entry)> AcquireAsync(TenantQueue queue, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_sync)
        {
            if (_free > 0 && queue.Active < queue.MaxActive)
            {
                _free--;
                _taken++;
                queue.Active++;
                return new((new Lease(this, queue), AdmissionResult.Admitted));
            }

            if (queue.Waiters.Count >= queue.MaxWaiting)
            {
                return new((null, AdmissionResult.QueueFull));
            }
            waiter = new Waiter();
            queue.Waiters.AddLast(waiter.Node);
            _waiting++;
            Schedule(queue);
        }

        return WaitAsync(queue, waiter, cancellationToken);
    }

    private async ValueTask<(Lease? Place, AdmissionResult Entry)> WaitAsync(
        TenantQueue lane,
        Waiter waiter,
        CancellationToken cancellationToken
    )
    {
        using var patience = new CancellationTokenSource(lane.QueueTimeout, time);
        await using var tooLong = patience.Token.UnsafeRegister(_ => EndWait(lane, waiter), null);
        await using var gone = cancellationToken.UnsafeRegister(_ => EndWait(lane, waiter), null);
        var entry = await waiter.Completion.Task;
        if (entry == AdmissionResult.Admitted)
        {
            return (new Lease(this, lane), entry);
        }
        cancellationToken.ThrowIfCancellationRequested();
        return (null, entry);
    }

    private void EndWait(TenantQueue lane, Waiter waiter)
    {
        AdmissionResult entry;
        lock (_sync)
        {
            if (waiter.Node.List is null)
            {
                return;
            }
            lane.Waiters.Remove(waiter.Node);
            _waiting--;
            entry = lane.Active < lane.MaxActive ? AdmissionResult.Overloaded : AdmissionResult.TimedOut;
        }

        waiter.Completion.TrySetResult(entry);
    }

    private void Release()
    {
        lock (_sync)
        {
            _free++;
            _taken--;
            AdmitNext();
        }
    }

    private void Exit(TenantQueue lane)
    {
        lock (_sync)
        {
            lane.Active--;
            Schedule(lane);
            AdmitNext();
        }
    }

    private void Schedule(TenantQueue lane)
    {
        if (lane.IsScheduled || lane.Waiters.Count == 0 || lane.Active >= lane.MaxActive)
        {
            return;
        }
        lane.IsScheduled = true;
        _ring.Enqueue(lane);
    }

    private void AdmitNext()
    {
        while (_free > 0 && _ring.TryDequeue(out var lane))
        {
            lane.IsScheduled = false;
            if (lane.Waiters.First is not { } first || lane.Active >= lane.MaxActive)
            {
                continue;
            }
            lane.Waiters.RemoveFirst();
            _waiting--;
            _free--;
            _taken++;
            lane.Active++;
            Schedule(lane);
            first.Value.Completion.TrySetResult(AdmissionResult.Admitted);
        }
    }

    /// <summary>Room in the gate and in a lane.</summary>
    internal sealed class Lease(FairQueue gate, TenantQueue lane) : IDisposable
    {
        private bool _released;
        private bool _left;

        /// <summary>Gives the place to others while its holder stays in its lane.</summary>
        public void ReleaseSlot()
        {
            if (_released)
            {
                return;
            }
            _released = true;
            gate.Release();
        }

        /// <summary>Gives back all that is still held.</summary>
        public void Dispose()
        {
            ReleaseSlot();
            if (_left)
            {
                return;
            }
            _left = true;
            gate.Exit(lane);
        }
    }

    /// <summary>One who waits. What waits for its end goes on elsewhere, never under the lock.</summary>
    internal sealed class Waiter
    {
        public Waiter() => Node = new LinkedListNode<Waiter>(this);

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<AdmissionResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One tenant's way through a <see cref="FairQueue"/>. Belongs to the gate's lock.</summary>
/// <param name="limit">How many may be in.</param>
/// <param name="queueLimit">How many may wait.</param>
/// <param name="patience">For how long.</param>
internal sealed class TenantQueue(int limit, int queueLimit, TimeSpan patience)
{
    public int MaxActive => limit;

    public int MaxWaiting => queueLimit;

    public TimeSpan QueueTimeout => patience;

    /// <summary>How many are in.</summary>
    public int Active { get; set; }

    /// <summary>Those who wait, the longest first.</summary>
    public LinkedList<FairQueue.Waiter> Waiters { get; } = new();

    /// <summary>The lane waits for its turn.</summary>
    public bool IsScheduled { get; set; }
}
