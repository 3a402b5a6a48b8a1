namespace AivenMetrics.Gateway.Forwarding;

/// <summary>Ends a wait when the client has gone or when nothing came for too long.</summary>
internal sealed class UpstreamTimeout : IDisposable
{
    private readonly TimeSpan _allowed;
    private readonly CancellationToken _aborted;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;
    private volatile bool _abandoned;
    private volatile bool _lost;
    private bool _disposed;

    public UpstreamTimeout(TimeSpan allowed, TimeProvider time, CancellationToken cancellationToken)
    {
        this._allowed = allowed;
        this._aborted = cancellationToken;
        _source = new CancellationTokenSource(allowed, time);
        _registration = cancellationToken.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), _source);
    }

    /// <summary>Cancelled when the time passed or the client went.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The time passed; the client is still there.</summary>
    public bool HasExpired => _source.IsCancellationRequested && !_abandoned && !_lost && !_aborted.IsCancellationRequested;

    /// <summary>Nobody waits any longer, because another destination answered.</summary>
    public bool IsCancelled => _abandoned;

    /// <summary>The token of <see cref="LinkHungToken"/> ended the wait; the client is still there.</summary>
    public bool IsHung => _lost && !_aborted.IsCancellationRequested;

    /// <summary>Until what it returns is disposed, the wait ends with this token too.</summary>
    public CancellationTokenRegistration LinkHungToken(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static s => ((UpstreamTimeout)s!).MarkHung(), this);

    /// <summary>What came at the very moment at which the wait was ended cannot be read to its end.</summary>
    public void ThrowIfHung()
    {
        if (_lost)
        {
            throw new OperationCanceledException(_source.Token);
        }
    }

    /// <summary>Something came: the time begins anew.</summary>
    public void Restart() => _source.CancelAfter(_allowed);

    /// <summary>Another destination answered: ends the wait, if it has not ended.</summary>
    public void Cancel()
    {
        lock (_source)
        {
            if (_disposed)
            {
                return;
            }
            _abandoned = true;
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
        _lost = true;
        _source.Cancel();
    }
}
