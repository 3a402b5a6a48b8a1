using AivenMetrics.Gateway.Failover;

namespace AivenMetrics.Gateway.RemoteRead;

/// <summary>
/// How fast a client must read the answer to a remote read. While it reads, a Prometheus holds one of the few places that it has for
/// remote reads of everybody. The server's own pace is not for each stream of HTTP/2, so this one is kept here, for both versions.
/// </summary>
/// <remarks>
/// What counts is the time that writes wait for the client, not that in which there is nothing to write. A client that falls behind can catch
/// up; one that is ahead saves nothing up for a pause.
/// </remarks>
internal sealed class ReadingPace(TimeProvider time) : IDisposable
{
    private const int BytesPerSecond = 16 << 10;

    /// <summary>How far a client may fall behind.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource patience = new(Timeout.InfiniteTimeSpan, time);
    private TimeSpan behind;

    /// <summary>Writes a piece of the answer, as far as the client keeps up.</summary>
    /// <exception cref="AnswerStoppedException">It does not.</exception>
    public async ValueTask WriteAsync(Stream to, ReadOnlyMemory<byte> piece)
    {
        var allowed = TimeSpan.FromSeconds((double)piece.Length / BytesPerSecond);
        var started = time.GetTimestamp();
        var left = Grace + allowed - behind;
        patience.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        try
        {
            // Not with the token of a client that went: the server ends such a write itself.
            await to.WriteAsync(piece, patience.Token);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw AnswerStoppedException.ReadTooSlowly();
        }

        patience.CancelAfter(Timeout.InfiniteTimeSpan);
        behind += time.GetElapsedTime(started) - allowed;
        if (behind < TimeSpan.Zero)
            behind = TimeSpan.Zero;
    }

    public void Dispose() => patience.Dispose();
}
