using AivenMetrics.Gateway.Telemetry;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Authentication;

/// <summary>Holds the current <see cref="CredentialSnapshot"/> and its age.</summary>
internal sealed class CredentialStore(TimeProvider time)
{
    private volatile CredentialSnapshot? _current;
    private volatile Func<DateTimeOffset?> _confirmedAt = () => null;

    /// <summary>The current snapshot; null until the first valid one is loaded.</summary>
    public CredentialSnapshot? Current => _current;

    /// <summary>The time since the source last confirmed <see cref="Current"/>; null until the first snapshot is loaded.</summary>
    public TimeSpan? Age => _current is not null && _confirmedAt() is { } at ? time.GetUtcNow() - at : null;

    /// <summary>Replaces the snapshot and logs its warnings.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="source">The source, for the log.</param>
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

    /// <summary>Sets the function that returns the time of the last confirmation.</summary>
    public void SetConfirmationTime(Func<DateTimeOffset?> source) => _confirmedAt = source;
}
