namespace AivenMetrics.Gateway.Forwarding;

/// <summary>
/// A write-only stream over a <see cref="ClientResponse"/>, for a compressor. Only the asynchronous writes are supported.
/// </summary>
/// <param name="client">The client.</param>
internal sealed class ClientResponseStream(ClientResponse client) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        client.WriteAsync(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        client.WriteAsync(buffer.AsMemory(offset, count)).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => client.Context.Response.Body.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Use WriteAsync.");

    public override void Flush() => throw new NotSupportedException("Use FlushAsync.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
