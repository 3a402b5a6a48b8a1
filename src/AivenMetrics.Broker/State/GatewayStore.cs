namespace AivenMetrics.Broker.State;

/// <summary>How many of the gateways that are there have accepted the credentials as of some time.</summary>
/// <param name="Present">Gateways that asked for credentials lately.</param>
/// <param name="Acknowledged">Those of them that have accepted.</param>
public readonly record struct AcknowledgementCount(int Present, int Acknowledged)
{
    /// <summary>True when a tenant meets no gateway that does not know its credential.</summary>
    public bool IsComplete => Present > 0 && Acknowledged == Present;
}

/// <summary>
/// The gateways, and as of when each has accepted all credentials. Times are microseconds of the database's clock
/// (<see cref="Database.NowAsync"/>), because gateways may ask one broker and binds be decided by another.
/// </summary>
public sealed class GatewayStore(Database database)
{
    /// <summary>A gateway that was not seen for so long is taken to be gone: nobody waits for it. They ask every few seconds at most.</summary>
    public static readonly TimeSpan PresenceTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RowRetention = TimeSpan.FromDays(1);

    /// <summary>The database's clock, to take a point in time that acceptance is asked for.</summary>
    public Task<long> NowAsync(CancellationToken cancellationToken) => database.NowAsync(cancellationToken);

    /// <summary>Notes that a gateway asks now, and what it has accepted, which never goes back.</summary>
    /// <param name="gateway">Its id, random for each run of a gateway.</param>
    /// <param name="acknowledgedAt">As of when; null: nothing that is known here.</param>
    /// <param name="isNew">True: this process meets it for the first time; rows of gateways that are long gone are deleted then.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public Task ReportAsync(string gateway, long? acknowledgedAt, bool isNew, CancellationToken cancellationToken)
    {
        var now = database.NowSql;
        // A report that a crash of the server loses is made again within a second: nobody needs to wait for the disk.
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
                      accepted_at = CASE WHEN excluded.accepted_at > gateway.accepted_at THEN excluded.accepted_at ELSE gateway.accepted_at END,
                      seen_at = excluded.seen_at
                    """,
                    new { gateway, accepted = acknowledgedAt ?? 0 }
                );
            },
            cancellationToken
        );
    }

    /// <summary>As of when each present gateway has accepted.</summary>
    public async Task<IReadOnlyList<long>> AcknowledgementTimesAsync(CancellationToken cancellationToken) =>
        await database.QueryAsync<long>(
            $"SELECT accepted_at FROM gateway WHERE seen_at > {database.NowSql} - @present",
            new { present = Microseconds(PresenceTimeout) },
            cancellationToken
        );

    /// <summary>Which of the present gateways have accepted what was in the database at <paramref name="asOf"/>.</summary>
    /// <param name="acknowledgementTimes">From <see cref="AcknowledgementTimesAsync"/>.</param>
    /// <param name="asOf">A time of <see cref="NowAsync"/> that was read after the change was visible.</param>
    public static AcknowledgementCount CountSince(IReadOnlyList<long> acknowledgementTimes, long asOf) =>
        new(acknowledgementTimes.Count, acknowledgementTimes.Count(accepted => accepted > asOf));

    private static long Microseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
