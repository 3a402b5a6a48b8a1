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
    private const int Most = 20_000;
    private readonly Lock gate = new();
    private readonly Queue<RecordedCall> calls = new();

    public IReadOnlyList<RecordedCall> All
    {
        get
        {
            lock (gate)
                return [.. calls];
        }
    }

    public void Add(RecordedCall call)
    {
        lock (gate)
        {
            if (calls.Count == Most)
                calls.Dequeue();
            calls.Enqueue(call);
        }
    }

    public void Clear()
    {
        lock (gate)
            calls.Clear();
    }
}
