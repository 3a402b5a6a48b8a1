namespace AivenMetrics.Gateway.Limits;

/// <summary>How a wait for a place ended.</summary>
internal enum Entry
{
    /// <summary>With a place.</summary>
    Admitted,

    /// <summary>As many of this tenant wait as may.</summary>
    QueueFull,

    /// <summary>The tenant's own queries took too long to make room.</summary>
    TooLong,

    /// <summary>There was no room for anybody: not this tenant's doing.</summary>
    Busy,
}

/// <summary>
/// A number of places that tenants share fairly.
/// </summary>
/// <remarks>
/// 1. Each tenant has a <see cref="Lane"/>: so many may be in, so many may wait, and for so long.
/// 2. Whoever finds a free place and room in its lane goes in. Otherwise it waits at the end of its lane.
/// 3. Lanes that have both somebody waiting and room stand in a ring. A place that gets free goes to the lane at its head, which then
///    goes to its end. So a tenant that asks ten times as much waits ten times as long, and the others do not notice.
/// 4. A place is given back before the lane is left (<see cref="Place.Release"/>): a slow reader holds up only itself.
/// Whenever a lock is released, either no place is free or the ring is empty.
/// </remarks>
/// <threadsafety>Safe. The lock is held for a few instructions, also while many wait.</threadsafety>
internal sealed class FairGate(int places, TimeProvider time)
{
    private readonly Lock sync = new();
    private readonly Queue<Lane> ring = new();
    private int free = places;
    private int taken;
    private int waiting;

    /// <summary>Places that are taken.</summary>
    public int Taken => Volatile.Read(ref taken);

    /// <summary>Those who wait, of all tenants.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Waits for a place.</summary>
    /// <returns>The place, to be disposed; or why there is none.</returns>
    /// <exception cref="OperationCanceledException">The client went; it holds nothing.</exception>
    public ValueTask<(Place? Place, Entry Entry)> EnterAsync(Lane lane, CancellationToken aborted)
    {
        Waiter waiter;
        lock (sync)
        {
            if (free > 0 && lane.Inside < lane.Limit)
            {
                free--;
                taken++;
                lane.Inside++;
                return new((new Place(this, lane), Entry.Admitted));
            }

            if (lane.Waiters.Count >= lane.QueueLimit)
                return new((null, Entry.QueueFull));
            waiter = new Waiter();
            lane.Waiters.AddLast(waiter.Node);
            waiting++;
            StandInRing(lane);
        }

        return WaitAsync(lane, waiter, aborted);
    }

    private async ValueTask<(Place? Place, Entry Entry)> WaitAsync(Lane lane, Waiter waiter, CancellationToken aborted)
    {
        using var patience = new CancellationTokenSource(lane.Patience, time);
        await using var tooLong = patience.Token.UnsafeRegister(_ => GiveUp(lane, waiter), null);
        await using var gone = aborted.UnsafeRegister(_ => GiveUp(lane, waiter), null);
        var entry = await waiter.Ended.Task;
        if (entry == Entry.Admitted)
            return (new Place(this, lane), entry);
        aborted.ThrowIfCancellationRequested();
        return (null, entry);
    }

    private void GiveUp(Lane lane, Waiter waiter)
    {
        Entry entry;
        lock (sync)
        {
            if (waiter.Node.List is null)
                return;
            lane.Waiters.Remove(waiter.Node);
            waiting--;
            entry = lane.Inside < lane.Limit ? Entry.Busy : Entry.TooLong;
        }

        waiter.Ended.TrySetResult(entry);
    }

    private void Release()
    {
        lock (sync)
        {
            free++;
            taken--;
            Admit();
        }
    }

    private void Leave(Lane lane)
    {
        lock (sync)
        {
            lane.Inside--;
            StandInRing(lane);
            Admit();
        }
    }

    private void StandInRing(Lane lane)
    {
        if (lane.InRing || lane.Waiters.Count == 0 || lane.Inside >= lane.Limit)
            return;
        lane.InRing = true;
        ring.Enqueue(lane);
    }

    private void Admit()
    {
        while (free > 0 && ring.TryDequeue(out var lane))
        {
            lane.InRing = false;
            if (lane.Waiters.First is not { } first || lane.Inside >= lane.Limit)
                continue;
            lane.Waiters.RemoveFirst();
            waiting--;
            free--;
            taken++;
            lane.Inside++;
            StandInRing(lane);
            first.Value.Ended.TrySetResult(Entry.Admitted);
        }
    }

    /// <summary>Room in the gate and in a lane.</summary>
    internal sealed class Place(FairGate gate, Lane lane) : IDisposable
    {
        private bool released;
        private bool left;

        /// <summary>Gives the place to others while its holder stays in its lane.</summary>
        public void Release()
        {
            if (released)
                return;
            released = true;
            gate.Release();
        }

        /// <summary>Gives back all that is still held.</summary>
        public void Dispose()
        {
            Release();
            if (left)
                return;
            left = true;
            gate.Leave(lane);
        }
    }

    /// <summary>One who waits. What waits for its end goes on elsewhere, never under the lock.</summary>
    internal sealed class Waiter
    {
        public Waiter() => Node = new LinkedListNode<Waiter>(this);

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource<Entry> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One tenant's way through a <see cref="FairGate"/>. Belongs to the gate's lock.</summary>
/// <param name="limit">How many may be in.</param>
/// <param name="queueLimit">How many may wait.</param>
/// <param name="patience">For how long.</param>
internal sealed class Lane(int limit, int queueLimit, TimeSpan patience)
{
    public int Limit => limit;

    public int QueueLimit => queueLimit;

    public TimeSpan Patience => patience;

    /// <summary>How many are in.</summary>
    public int Inside { get; set; }

    /// <summary>Those who wait, the longest first.</summary>
    public LinkedList<FairGate.Waiter> Waiters { get; } = new();

    /// <summary>The lane waits for its turn.</summary>
    public bool InRing { get; set; }
}
