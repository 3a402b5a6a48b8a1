namespace AivenMetrics.Simulator.Faults;

/// <summary>A fault to inject into matching API calls.</summary>
/// <param name="Method">The method in upper case; null for any.</param>
/// <param name="Path">A pattern for the whole path from <c>/v1</c>, where <c>*</c> matches any text; null for any path.</param>
/// <param name="Status">The status of the response; null if the fault is only <paramref name="Delay"/>.</param>
/// <param name="Body"><c>envelope</c>, <c>html</c> or <c>empty</c>.</param>
/// <param name="Message">The message in the envelope.</param>
/// <param name="RetryAfter">Value of the <c>Retry-After</c> header in seconds; null for none.</param>
/// <param name="Delay">Delay before the call is handled, or with <paramref name="After"/> before the response.</param>
/// <param name="Reset">True to close the connection without a response.</param>
/// <param name="After">True if the call takes effect before the fault, as when a connection breaks during the response.</param>
internal sealed record CallFault(
    string? Method,
    string? Path,
    int? Status,
    string Body,
    string Message,
    int? RetryAfter,
    TimeSpan Delay,
    bool Reset,
    bool After
);

/// <summary>The kind of a DNS fault. The values are response codes (RFC 1035 4.1.1); -1 means no response.</summary>
internal enum DnsFaultKind
{
    Timeout = -1,
    Empty = 0,
    Servfail = 2,
    Nxdomain = 3,
    Refused = 5,
}

/// <summary>A fault to inject into DNS queries.</summary>
/// <param name="Host">A pattern for the name, where <c>*</c> matches any text.</param>
/// <param name="Kind">The failure.</param>
internal sealed record DnsFault(string Host, DnsFaultKind Kind);

/// <summary>A pending fault.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Fault">The fault.</param>
/// <param name="Remaining">The number of remaining uses; null if it lasts until it is removed.</param>
internal sealed record FaultRule<T>(int Id, T Fault, int? Remaining);

/// <summary>The pending faults, in order of creation.</summary>
internal sealed class FaultRules<T>
    where T : class
{
    private readonly Lock _gate = new();
    private readonly List<FaultRule<T>> _rules = [];
    private int _last;

    public IReadOnlyList<FaultRule<T>> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _rules];
            }
        }
    }

    /// <summary>Adds a fault for the next <paramref name="count"/> matches; null for all.</summary>
    public FaultRule<T> Add(T fault, int? count)
    {
        lock (_gate)
        {
            var rule = new FaultRule<T>(++_last, fault, count);
            _rules.Add(rule);
            return rule;
        }
    }

    /// <summary>Removes the fault with an id, or all faults if the id is null.</summary>
    /// <returns>The number of removed faults.</returns>
    public int Remove(int? id)
    {
        lock (_gate)
        {
            return _rules.RemoveAll(rule => id is null || rule.Id == id);
        }
    }

    /// <summary>Uses and returns the first fault that matches; null if none does.</summary>
    public T? Take(Func<T, bool> matches)
    {
        lock (_gate)
        {
            var index = _rules.FindIndex(rule => matches(rule.Fault));
            if (index < 0)
            {
                return null;
            }
            var rule = _rules[index];
            if (rule.Remaining is 1)
            {
                _rules.RemoveAt(index);
            }
            else
            {
                _rules[index] = rule with { Remaining = rule.Remaining - 1 };
            }
            return rule.Fault;
        }
    }
}
