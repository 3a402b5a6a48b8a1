namespace AivenMetrics.Gateway.Authentication;

/// <summary>Holds the present <see cref="CredentialSnapshot"/> and says how old it is.</summary>
internal sealed class Tenants(TimeProvider time)
{
    private sealed record Held(CredentialSnapshot Snapshot, DateTimeOffset ConfirmedAt);

    private volatile Held? held;

    /// <summary>The present snapshot; null until a first good one was read.</summary>
    public CredentialSnapshot? Current => held?.Snapshot;

    /// <summary>How long ago the source last confirmed what <see cref="Current"/> says; null before a first snapshot.</summary>
    public TimeSpan? Age => held is { } h ? time.GetUtcNow() - h.ConfirmedAt : null;

    /// <summary>Takes a new snapshot, or notes that the present one was confirmed at that time.</summary>
    public void Replace(CredentialSnapshot snapshot, DateTimeOffset confirmedAt) => held = new Held(snapshot, confirmedAt);
}
