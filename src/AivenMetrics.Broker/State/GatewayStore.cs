namespace AivenMetrics.Broker.State;

/// <summary>The number of gateways that have acknowledged a state of the credentials.</summary>
/// <param name="Present">Number of gateways that polled recently.</param>
/// <param name="Acknowledged">Number of these that have acknowledged.</param>
public readonly record struct AcknowledgementCount(int Present, int Acknowledged)
{
    /// <summary>True if every gateway accepts the credential.</summary>
    public bool IsComplete => Present > 0 && Acknowledged == Present;
}

/// <summary>
/// Stores the gateways and the time up to which each has acknowledged all credentials. Times are microseconds of the database clock
/// (<see cref="Database.NowAsync"/>), because a gateway may poll another broker than the one that evaluates a bind.
/// </summary>
public sealed class GatewayStore(Database database)
{
    /// <summary>A gateway that has not polled for this time is considered gone. Gateways poll every few seconds.</summary>
    public static readonly TimeSpan PresenceTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RowRetention = TimeSpan.FromDays(1);

    /// <summary>Returns the clock of the database, as a reference for acknowledgements.</summary>
    public Task<long> NowAsync(CancellationToken cancellationToken) => database.NowAsync(cancellationToken);

    /// <summary>Records a poll of a gateway and its acknowledgement, which never decreases.</summary>
    /// <param name="gateway">Id of the gateway, random for each of its runs.</param>
    /// <param name="acknowledgedAt">Acknowledged time; null if unknown.</param>
    /// <param name="isNew">True on the first poll seen by this process; rows of gateways that are long gone are deleted then.</param>
    /// <param name="cancellationToken">Cancels the write.</param>
    public Task ReportAsync(string gateway, long? acknowledgedAt, bool isNew, CancellationToken cancellationToken)
    {
        var now = database.NowSql;
        // A report lost in a crash of the server is repeated within one second, so the write does not wait for the disk.
        var hurry = database.IsPostgres ? "SET LOCAL synchronous_commit = off;" : "";
        return database.InTransactionAsync(
            async transaction =>
            {
                if (isNew)
                {
                    await transaction.ExecuteAsync(
                        $"DELETE FROM gateway WHERE seen_at < {now} - @kept",
                        new { kept = Microseconds(RowRetention) }
                    );
                }
                return await transaction.ExecuteAsync(
                    $"""
                    {hurry}
                    INSERT INTO gateway (gateway_id, accepted_at, seen_at) VALUES (@gateway, @accepted, {now})
                    ON CONFLICT (gateway_id) DO UPDATE SET
                      accepted_at = CASE
                        WHEN excluded.accepted_at > gateway.accepted_at THEN excluded.accepted_at ELSE gateway.accepted_at
                      END,
                      seen_at = excluded.seen_at
                    """,
                    new { gateway, accepted = acknowledgedAt ?? 0 }
                );
            },
            cancellationToken
        );
    }

    /// <summary>Returns the acknowledged time of each present gateway.</summary>
    public async Task<IReadOnlyList<long>> AcknowledgementTimesAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync<long>(
            $"SELECT accepted_at FROM gateway WHERE seen_at > {database.NowSql} - @present",
            new { present = Microseconds(PresenceTimeout) },
            cancellationToken
        );

    /// <summary>Counts the present gateways that have acknowledged the state of the database at <paramref name="asOf"/>.</summary>
    /// <param name="acknowledgementTimes">Result of <see cref="AcknowledgementTimesAsync"/>.</param>
    /// <param name="asOf">Result of <see cref="NowAsync"/>, read after the change was visible.</param>
    public static AcknowledgementCount CountSince(IReadOnlyList<long> acknowledgementTimes, long asOf) =>
        new(acknowledgementTimes.Count, acknowledgementTimes.Count(accepted => accepted > asOf));

    private static long Microseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
