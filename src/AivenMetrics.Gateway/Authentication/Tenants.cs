namespace AivenMetrics.Gateway.Authentication;

/// <summary>Holds the present <see cref="CredentialSnapshot"/> and says how old it is.</summary>
internal sealed class Tenants(TimeProvider time)
{
    private volatile CredentialSnapshot? current;
    private volatile Func<DateTimeOffset?> confirmedAt = () => null;

    /// <summary>The present snapshot; null until a first good one was read.</summary>
    public CredentialSnapshot? Current => current;

    /// <summary>How long ago the source last confirmed what <see cref="Current"/> says; null before a first snapshot.</summary>
    public TimeSpan? Age => current is not null && confirmedAt() is { } at ? time.GetUtcNow() - at : null;

    /// <summary>Takes a new snapshot.</summary>
    public void Replace(CredentialSnapshot snapshot) => current = snapshot;

    /// <summary>Says who knows when the present snapshot was last confirmed.</summary>
    public void ConfirmedBy(Func<DateTimeOffset?> source) => confirmedAt = source;
}
