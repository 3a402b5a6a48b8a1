namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// How fast a client must read the answer to a remote read. While it reads, a Prometheus holds one of the few places that it has for
/// remote reads of everybody. The server's own pace is not for each stream of HTTP/2, so this one is kept here, for both versions.
/// </summary>
/// <remarks>
/// What counts is the time that writes wait for the client, not that in which there is nothing to write. A client that falls behind can catch
/// up; one that is ahead saves nothing up for a pause.
/// </remarks>
internal sealed class MinResponseDataRate(TimeProvider time) : IDisposable
{
    private const int BytesPerSecond = 16 << 10;

    /// <summary>How far a client may fall behind.</summary>
    internal static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _patience = new(Timeout.InfiniteTimeSpan, time);
    private TimeSpan _behind;

    /// <summary>Writes a piece of the answer, as far as the client keeps up.</summary>
    /// <exception cref="ResponseAbortedException">It does not.</exception>
    public async ValueTask WriteAsync(Stream to, ReadOnlyMemory<byte> piece)
    {
        var allowed = TimeSpan.FromSeconds((double)piece.Length / BytesPerSecond);
        var started = time.GetTimestamp();
        var left = GracePeriod + allowed - _behind;
        _patience.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        try
        {
            // Not with the token of a client that went: the server ends such a write itself.
            await to.WriteAsync(piece, _patience.Token);
        }
        catch (OperationCanceledException) when (_patience.IsCancellationRequested)
        {
            throw ResponseAbortedException.ClientTooSlow();
        }

        _patience.CancelAfter(Timeout.InfiniteTimeSpan);
        _behind += time.GetElapsedTime(started) - allowed;
        if (_behind < TimeSpan.Zero)
        {
            _behind = TimeSpan.Zero;
        }
    }

    public void Dispose() => _patience.Dispose();
}
