namespace AivenMetrics.Broker.State;

/// <summary>
/// A <see cref="StateSignal"/> for each key that somebody watches, so that news of one thing wakes only those who wait for it.
/// Keys that nobody watches cost nothing.
/// </summary>
public sealed class KeyedSignals(TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Watch> watches = new(StringComparer.Ordinal);

    /// <summary>Begins to watch a key. Dispose the answer to end it.</summary>
    public Watch On(string key)
    {
        lock (gate)
        {
            if (!watches.TryGetValue(key, out var watch))
                watches.Add(key, watch = new Watch(this, key, new StateSignal(time)));
            watch.Watchers++;
            return watch;
        }
    }

    /// <summary>Something became of it: wakes every waiter for that key.</summary>
    public void Notify(string key)
    {
        Watch? watch;
        lock (gate)
            watches.TryGetValue(key, out watch);
        watch?.Signal.Notify();
    }

    /// <summary>One key, while it is watched; those who watch it at once share it.</summary>
    public sealed class Watch : IDisposable
    {
        private readonly KeyedSignals all;
        private readonly string key;

        internal Watch(KeyedSignals all, string key, StateSignal signal) => (this.all, this.key, Signal) = (all, key, signal);

        /// <summary>Notified when something became of it.</summary>
        public StateSignal Signal { get; }

        internal int Watchers { get; set; }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (all.gate)
                if (--Watchers == 0)
                    all.watches.Remove(key);
        }
    }
}
