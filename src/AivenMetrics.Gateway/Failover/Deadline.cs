namespace AivenMetrics.Gateway.Failover;

/// <summary>Ends a wait when the client has gone or when nothing came for too long.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly TimeSpan allowed;
    private readonly CancellationToken aborted;
    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration registration;
    private volatile bool abandoned;
    private volatile bool lost;
    private bool disposed;

    public Deadline(TimeSpan allowed, TimeProvider time, CancellationToken aborted)
    {
        this.allowed = allowed;
        this.aborted = aborted;
        source = new CancellationTokenSource(allowed, time);
        registration = aborted.UnsafeRegister(static s => ((CancellationTokenSource)s!).Cancel(), source);
    }

    /// <summary>Cancelled when the time passed or the client went.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>The time passed; the client is still there.</summary>
    public bool Passed => source.IsCancellationRequested && !abandoned && !lost && !aborted.IsCancellationRequested;

    /// <summary>Nobody waits any longer, because another destination answered.</summary>
    public bool Abandoned => abandoned;

    /// <summary>The token of <see cref="EndedBy"/> ended the wait; the client is still there.</summary>
    public bool Lost => lost && !aborted.IsCancellationRequested;

    /// <summary>Until what it returns is disposed, the wait ends with this token too.</summary>
    public CancellationTokenRegistration EndedBy(CancellationToken token) => token.UnsafeRegister(static s => ((Deadline)s!).Lose(), this);

    /// <summary>What came at the very moment at which the wait was ended cannot be read to its end.</summary>
    public void ThrowIfLost()
    {
        if (lost)
            throw new OperationCanceledException(source.Token);
    }

    /// <summary>Something came: the time begins anew.</summary>
    public void Extend() => source.CancelAfter(allowed);

    /// <summary>Another destination answered: ends the wait, if it has not ended.</summary>
    public void Abandon()
    {
        lock (source)
        {
            if (disposed)
                return;
            abandoned = true;
            source.Cancel();
        }
    }

    public void Dispose()
    {
        registration.Dispose();
        lock (source)
        {
            disposed = true;
            source.Dispose();
        }
    }

    private void Lose()
    {
        lost = true;
        source.Cancel();
    }
}
