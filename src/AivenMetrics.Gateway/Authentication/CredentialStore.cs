using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Holds the present <see cref="CredentialSnapshot"/> and says how old it is.</summary>
internal sealed class CredentialStore(TimeProvider time)
{
    private volatile CredentialSnapshot? _current;
    private volatile Func<DateTimeOffset?> _confirmedAt = () => null;

    /// <summary>The present snapshot; null until a first good one was read.</summary>
    public CredentialSnapshot? Current => _current;

    /// <summary>How long ago the source last confirmed what <see cref="Current"/> says; null before a first snapshot.</summary>
    public TimeSpan? Age => _current is not null && _confirmedAt() is { } at ? time.GetUtcNow() - at : null;

    /// <summary>Takes a new snapshot, and logs what an operator should know of it.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="source">Where it comes from, for the log.</param>
    /// <param name="logger">The log.</param>
    public void Replace(CredentialSnapshot snapshot, string source, ILogger logger)
    {
        var before = _current?.Count ?? 0;
        _current = snapshot;
        logger.CredentialsLoaded(snapshot.Count, source);
        if (before > 0 && snapshot.Count == 0)
        {
            logger.AllCredentialsRemoved(source, before);
        }
        foreach (var warning in snapshot.Warnings)
        {
            logger.CredentialMatchesNothing(warning);
        }
    }

    /// <summary>Says who knows when the present snapshot was last confirmed.</summary>
    public void SetConfirmationTime(Func<DateTimeOffset?> source) => _confirmedAt = source;
}
