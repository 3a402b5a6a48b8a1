namespace AivenMetrics.Simulator.Faults;

/// <summary>A recorded API call.</summary>
/// <param name="At">Time of the request.</param>
/// <param name="Method">The method.</param>
/// <param name="Path">The path, without the query.</param>
/// <param name="Query">The query with its <c>?</c>, or empty.</param>
/// <param name="Status">The status of the response; 0 if the connection was closed without one.</param>
internal sealed record RecordedCall(DateTimeOffset At, string Method, string Path, string Query, int Status);

/// <summary>The most recent API calls, for tests. Headers and bodies are not recorded.</summary>
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
