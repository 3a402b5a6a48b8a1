namespace AivenMetrics.Simulator.Faults;

/// <summary>An API call that was answered.</summary>
/// <param name="At">When it came.</param>
/// <param name="Method">The method.</param>
/// <param name="Path">The path, without the query.</param>
/// <param name="Query">The query with its <c>?</c>, or empty.</param>
/// <param name="Status">The answer's status; 0: the connection was cut or the client did not wait.</param>
internal sealed record RecordedCall(DateTimeOffset At, string Method, string Path, string Query, int Status);

/// <summary>The last calls of the API, for tests that count. Neither headers nor bodies are kept.</summary>
internal sealed class CallLog
{
    private const int MaximumEntries = 20_000;
    private readonly Lock _gate = new();
    private readonly Queue<RecordedCall> _calls = new();

    public IReadOnlyList<RecordedCall> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public void Add(RecordedCall call)
    {
        lock (_gate)
        {
            if (_calls.Count == MaximumEntries)
            {
                _calls.Dequeue();
            }
            _calls.Enqueue(call);
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _calls.Clear();
        }
    }
}
