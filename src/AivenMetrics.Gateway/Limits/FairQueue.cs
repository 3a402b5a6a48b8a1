namespace AivenMetrics.Gateway.Limits;

/// <summary>The result of a request for a lease.</summary>
internal enum AdmissionResult
{
    /// <summary>The request has a lease.</summary>
    Admitted,

    /// <summary>The queue of the tenant is full.</summary>
    QueueFull,

    /// <summary>The queue timeout expired while the tenant's own queries used all of its slots.</summary>
    TimedOut,

    /// <summary>The queue timeout expired while the tenants together used all slots.</summary>
    Overloaded,
}

/// <summary>
/// A number of slots that tenants share fairly.
/// </summary>
/// <remarks>
/// 1. Each tenant has a <see cref="TenantQueue"/> with a maximum number of active requests, a maximum number of waiting requests, and a
/// timeout.
/// 2. A request gets a lease if a slot is free and its queue has room. Otherwise it waits at the end of its queue.
/// 3. Queues with a waiting request and room take turns: a free slot goes to the first queue, which then becomes the last. A tenant that
/// sends ten times as many requests waits ten times as long, and the other tenants are not affected.
/// 4. A slot is released before the request leaves its queue (<see cref="Lease.ReleaseSlot"/>): a slow client delays only its own tenant.
/// Whenever the lock is released, either no slot is free or no queue is scheduled.
/// </remarks>
/// <threadsafety>Thread-safe. The lock is held for a few instructions only.</threadsafety>
internal sealed class FairQueue(int slots, TimeProvider time)
{
    private readonly Lock _sync = new();
    private readonly Queue<TenantQueue> _scheduled = new();
    private int _free = slots;
    private int _taken;
    private int _waiting;

    /// <summary>The number of slots in use.</summary>
    public int ActiveCount => Volatile.Read(ref _taken);

    /// <summary>The number of waiting requests of all tenants.</summary>
    public int WaitingCount => Volatile.Read(ref _waiting);

    /// <summary>Waits for a lease.</summary>
    /// <returns>The lease, to be disposed; or the reason why there is none.</returns>
    /// <exception cref="OperationCanceledException">The client disconnected.</exception>
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
        TenantQueue queue,
        Waiter waiter,
        CancellationToken cancellationToken
    )
    {
        using var queueTimeout = new CancellationTokenSource(queue.QueueTimeout, time);
        await using var timedOut = queueTimeout.Token.UnsafeRegister(_ => EndWait(queue, waiter), null);
        await using var disconnected = cancellationToken.UnsafeRegister(_ => EndWait(queue, waiter), null);
        var entry = await waiter.Completion.Task;
        if (entry == AdmissionResult.Admitted)
        {
            return (new Lease(this, queue), entry);
        }
        cancellationToken.ThrowIfCancellationRequested();
        return (null, entry);
    }

    private void EndWait(TenantQueue queue, Waiter waiter)
    {
        AdmissionResult entry;
        lock (_sync)
        {
            if (waiter.Node.List is null)
            {
                return;
            }
            queue.Waiters.Remove(waiter.Node);
            _waiting--;
            entry = queue.Active < queue.MaxActive ? AdmissionResult.Overloaded : AdmissionResult.TimedOut;
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

    private void Exit(TenantQueue queue)
    {
        lock (_sync)
        {
            queue.Active--;
            Schedule(queue);
            AdmitNext();
        }
    }

    private void Schedule(TenantQueue queue)
    {
        if (queue.IsScheduled || queue.Waiters.Count == 0 || queue.Active >= queue.MaxActive)
        {
            return;
        }
        queue.IsScheduled = true;
        _scheduled.Enqueue(queue);
    }

    private void AdmitNext()
    {
        while (_free > 0 && _scheduled.TryDequeue(out var queue))
        {
            queue.IsScheduled = false;
            if (queue.Waiters.First is not { } first || queue.Active >= queue.MaxActive)
            {
                continue;
            }
            queue.Waiters.RemoveFirst();
            _waiting--;
            _free--;
            _taken++;
            queue.Active++;
            Schedule(queue);
            first.Value.Completion.TrySetResult(AdmissionResult.Admitted);
        }
    }

    /// <summary>A slot of the fair queue and a place in the queue of the tenant.</summary>
    internal sealed class Lease(FairQueue fairQueue, TenantQueue queue) : IDisposable
    {
        private bool _released;
        private bool _left;

        /// <summary>Releases the slot for other tenants. The place in the queue of the tenant remains in use.</summary>
        public void ReleaseSlot()
        {
            if (_released)
            {
                return;
            }
            _released = true;
            fairQueue.Release();
        }

        /// <summary>Releases the slot and the place in the queue of the tenant.</summary>
        public void Dispose()
        {
            ReleaseSlot();
            if (_left)
            {
                return;
            }
            _left = true;
            fairQueue.Exit(queue);
        }
    }

    /// <summary>A waiting request. Its continuation runs on another thread, never under the lock.</summary>
    internal sealed class Waiter
    {
        public Waiter() => Node = new LinkedListNode<Waiter>(this);

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<AdmissionResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>The queue of one tenant at a <see cref="FairQueue"/>, whose lock protects it.</summary>
/// <param name="maxActive">The maximum number of active requests.</param>
/// <param name="maxWaiting">The maximum number of waiting requests.</param>
/// <param name="queueTimeout">The maximum time to wait.</param>
internal sealed class TenantQueue(int maxActive, int maxWaiting, TimeSpan queueTimeout)
{
    public int MaxActive => maxActive;

    public int MaxWaiting => maxWaiting;

    public TimeSpan QueueTimeout => queueTimeout;

    /// <summary>The number of active requests.</summary>
    public int Active { get; set; }

    /// <summary>The waiting requests, the longest first.</summary>
    public LinkedList<FairQueue.Waiter> Waiters { get; } = new();

    /// <summary>Whether the queue is scheduled for a free slot.</summary>
    public bool IsScheduled { get; set; }
}
