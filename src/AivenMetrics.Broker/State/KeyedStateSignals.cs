namespace AivenMetrics.Broker.State;

/// <summary>
/// A <see cref="StateSignal"/> for each key that somebody watches, so that news of one thing wakes only those who wait for it.
/// Keys that nobody watches cost nothing.
/// </summary>
public sealed class KeyedStateSignals(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subscription> _watches = new(StringComparer.Ordinal);

    /// <summary>Begins to watch a key. Dispose the answer to end it.</summary>
    public Subscription Subscribe(string key)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(key, out var watch))
            {
                _watches.Add(key, watch = new Subscription(this, key, new StateSignal(time)));
            }
            watch.SubscriberCount++;
            return watch;
        }
    }

    /// <summary>Something became of it: wakes every waiter for that key.</summary>
    public void Notify(string key)
    {
        Subscription? watch;
        lock (_gate)
        {
            _watches.TryGetValue(key, out watch);
        }
        watch?.Signal.Notify();
    }

    /// <summary>One key, while it is watched; those who watch it at once share it.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly KeyedStateSignals _all;
        private readonly string _key;

        internal Subscription(KeyedStateSignals all, string key, StateSignal signal) => (this._all, this._key, Signal) = (all, key, signal);

        /// <summary>Notified when something became of it.</summary>
        public StateSignal Signal { get; }

        internal int SubscriberCount { get; set; }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (_all._gate)
            {
                if (--SubscriberCount == 0)
                {
                    _all._watches.Remove(_key);
                }
            }
        }
    }
}
