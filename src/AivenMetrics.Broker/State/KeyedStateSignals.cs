namespace AivenMetrics.Broker.State;

/// <summary>
/// A <see cref="StateSignal"/> for each subscribed key, so that a notification wakes only the waiters for its key. Keys without subscribers
/// use no memory.
/// </summary>
public sealed class KeyedStateSignals(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Subscription> _watches = new(StringComparer.Ordinal);

    /// <summary>Subscribes to a key. Dispose the subscription to end it.</summary>
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

    /// <summary>Wakes all waiters for a key.</summary>
    public void Notify(string key)
    {
        Subscription? watch;
        lock (_gate)
        {
            _watches.TryGetValue(key, out watch);
        }
        watch?.Signal.Notify();
    }

    /// <summary>A subscription to a key. Concurrent subscribers share it.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly KeyedStateSignals _all;
        private readonly string _key;

        internal Subscription(KeyedStateSignals all, string key, StateSignal signal) => (_all, _key, Signal) = (all, key, signal);

        /// <summary>Signal that is notified for the key.</summary>
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
