namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// The minimum data rate of a client that reads the response to a remote read. Until it has read it, a Prometheus server holds one of its
/// few slots for remote reads of all tenants. Kestrel's own <c>MinResponseDataRate</c> does not apply to the streams of HTTP/2.
/// </summary>
/// <remarks>
/// Only the time that writes wait for the client counts. A client that falls behind can catch up. A client that is ahead saves no time for
/// a pause.
/// </remarks>
internal sealed class MinResponseDataRate(TimeProvider time) : IDisposable
{
    private const int BytesPerSecond = 16 << 10;

    /// <summary>The time by which a client may fall behind.</summary>
    internal static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _timeout = new(Timeout.InfiniteTimeSpan, time);
    private TimeSpan _behind;

    /// <summary>Writes a part of the body.</summary>
    /// <exception cref="ResponseAbortedException">The client is too slow.</exception>
    public async ValueTask WriteAsync(Stream to, ReadOnlyMemory<byte> bytes)
    {
        var allowed = TimeSpan.FromSeconds((double)bytes.Length / BytesPerSecond);
        var started = time.GetTimestamp();
        var left = GracePeriod + allowed - _behind;
        _timeout.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        try
        {
            // Not with the token of the request: Kestrel itself ends the write if the client disconnects.
            await to.WriteAsync(bytes, _timeout.Token);
        }
        catch (OperationCanceledException) when (_timeout.IsCancellationRequested)
        {
            throw ResponseAbortedException.ClientTooSlow();
        }

        _timeout.CancelAfter(Timeout.InfiniteTimeSpan);
        _behind += time.GetElapsedTime(started) - allowed;
        if (_behind < TimeSpan.Zero)
        {
            _behind = TimeSpan.Zero;
        }
    }

    public void Dispose() => _timeout.Dispose();
}
