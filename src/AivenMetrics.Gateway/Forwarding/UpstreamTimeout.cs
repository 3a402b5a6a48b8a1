namespace AivenMetrics.Gateway.Forwarding;

/// <summary>Cancels a wait for a destination if the client disconnects or if nothing arrives for too long.</summary>
internal sealed class UpstreamTimeout : IDisposable
{
    private readonly TimeSpan _timeout;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;
    private volatile bool _cancelled;
    private volatile bool _hung;
    private bool _disposed;

    public UpstreamTimeout(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        _timeout = timeout;
        _aborted = cancellationToken;
        _source = new CancellationTokenSource(timeout, time);
        _registration = cancellationToken.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _source);
    }

    /// <summary>Cancelled when the timeout expires or the client disconnects.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the timeout expired while the client was still connected.</summary>
    public bool HasExpired => _source.IsCancellationRequested && !_cancelled && !_hung && !_aborted.IsCancellationRequested;

    /// <summary>Whether the wait was cancelled because another destination responded.</summary>
    public bool IsCancelled => _cancelled;

    /// <summary>Whether a linked token reported a hung destination while the client was still connected.</summary>
    public bool IsHung => _hung && !_aborted.IsCancellationRequested;

    /// <summary>Links the token of a hung destination until the returned registration is disposed.</summary>
    public CancellationTokenRegistration LinkHungToken(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static s => ((UpstreamTimeout)s!).MarkHung(), this);

    /// <summary>Throws if the destination was reported as hung: its response cannot be read completely.</summary>
    public void ThrowIfHung()
    {
        if (_hung)
        {
            throw new OperationCanceledException(_source.Token);
        }
    }

    /// <summary>Restarts the timeout after data has arrived.</summary>
    public void Restart() => _source.CancelAfter(_timeout);

    /// <summary>Cancels the wait, unless it has ended, because another destination responded.</summary>
    public void Cancel()
    {
        lock (_source)
        {
            if (_disposed)
            {
                return;
            }
            _cancelled = true;
            _source.Cancel();
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        lock (_source)
        {
            _disposed = true;
            _source.Dispose();
        }
    }

    private void MarkHung()
    {
        _hung = true;
        _source.Cancel();
    }
}
