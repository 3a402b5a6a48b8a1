namespace AivenMetrics.Simulator.Faults;

/// <summary>What to do to matching API calls.</summary>
/// <param name="Method">The method, upper case; null: any.</param>
/// <param name="Path">A pattern of the whole path from <c>/v1</c> on, <c>*</c> stands for any text; null: any.</param>
/// <param name="Status">The status to answer instead; null: only <paramref name="Delay"/>.</param>
/// <param name="Body"><c>envelope</c>, <c>html</c> or <c>empty</c>.</param>
/// <param name="Message">Text of the envelope.</param>
/// <param name="RetryAfter">Seconds for a <c>Retry-After</c> header; null: none.</param>
/// <param name="Delay">Waits before anything else, or with <paramref name="After"/> before answering.</param>
/// <param name="Reset">Cuts the connection instead of answering.</param>
/// <param name="After">The call takes effect before its answer is late or spoilt, as when a connection breaks at the wrong moment.</param>
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

/// <summary>How DNS fails; the numbers are response codes, -1 is silence.</summary>
internal enum DnsFaultKind
{
    Timeout = -1,
    Empty = 0,
    Servfail = 2,
    Nxdomain = 3,
    Refused = 5,
}

/// <summary>What to do to DNS questions.</summary>
/// <param name="Host">A pattern of the name, <c>*</c> stands for any text.</param>
/// <param name="Kind">The failure.</param>
internal sealed record DnsFault(string Host, DnsFaultKind Kind);

/// <summary>A fault that is waiting for its next occasion.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Fault">What happens.</param>
/// <param name="Remaining">How many times more; null: until it is removed.</param>
internal sealed record FaultRule<T>(int Id, T Fault, int? Remaining);

/// <summary>The faults that tests ordered, first come first served.</summary>
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

    /// <summary>Adds a fault for the next <paramref name="count"/> occasions, null: for all.</summary>
    public FaultRule<T> Add(T fault, int? count)
    {
        lock (_gate)
        {
            var rule = new FaultRule<T>(++_last, fault, count);
            _rules.Add(rule);
            return rule;
        }
    }

    /// <summary>Removes one, or with null all.</summary>
    /// <returns>How many were removed.</returns>
    public int Remove(int? id)
    {
        lock (_gate)
        {
            return _rules.RemoveAll(rule => id is null || rule.Id == id);
        }
    }

    /// <summary>Uses up one occasion of the first fault that matches; null if none does.</summary>
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
