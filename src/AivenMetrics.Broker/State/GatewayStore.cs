namespace AivenMetrics.Broker.State;

/// <summary>How many of the gateways that are there have accepted the credentials as of some time.</summary>
/// <param name="Seen">Gateways that asked for credentials lately.</param>
/// <param name="Accepted">Those of them that have accepted.</param>
public readonly record struct GatewayAcceptance(int Seen, int Accepted)
{
    /// <summary>True when a tenant meets no gateway that does not know its credential.</summary>
    public bool ByAll => Seen > 0 && Accepted == Seen;
}

/// <summary>
/// The gateways, and as of when each has accepted all credentials. Times are microseconds of the database's clock
/// (<see cref="Database.Now"/>), because gateways may ask one broker and binds be decided by another.
/// </summary>
public sealed class GatewayStore(Database database)
{
    /// <summary>A gateway that was not seen for so long is taken to be gone: nobody waits for it. They ask every few seconds at most.</summary>
    public static readonly TimeSpan Present = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    /// <summary>The database's clock, to take a point in time that acceptance is asked for.</summary>
    public Task<long> Now(CancellationToken ct) => database.Now(ct);

    /// <summary>Notes that a gateway asks now, and what it has accepted, which never goes back.</summary>
    /// <param name="gateway">Its id, random for each run of a gateway.</param>
    /// <param name="acceptedAt">As of when; null: nothing that is known here.</param>
    /// <param name="isNew">True: this process meets it for the first time; rows of gateways that are long gone are deleted then.</param>
    /// <param name="ct">Cancels.</param>
    public Task Report(string gateway, long? acceptedAt, bool isNew, CancellationToken ct)
    {
        var now = database.NowSql;
        // A report that a crash of the server loses is made again within a second: nobody needs to wait for the disk.
        var hurry = database.IsPostgres ? "SET LOCAL synchronous_commit = off;" : "";
        return database.Write(
            async transaction =>
            {
                if (isNew)
                    await transaction.Execute($"DELETE FROM gateway WHERE seen_at < {now} - @kept", new { kept = Microseconds(Kept) });
                return await transaction.Execute(
                    $"""
                    {hurry}
                    INSERT INTO gateway (gateway_id, accepted_at, seen_at) VALUES (@gateway, @accepted, {now})
                    ON CONFLICT (gateway_id) DO UPDATE SET
                      accepted_at = CASE WHEN excluded.accepted_at > gateway.accepted_at THEN excluded.accepted_at ELSE gateway.accepted_at END,
                      seen_at = excluded.seen_at
                    """,
                    new { gateway, accepted = acceptedAt ?? 0 });
            },
            ct);
    }

    /// <summary>As of when each present gateway has accepted.</summary>
    public async Task<IReadOnlyList<long>> AcceptedAt(CancellationToken ct) => await database.Query<long>(
        $"SELECT accepted_at FROM gateway WHERE seen_at > {database.NowSql} - @present",
        new { present = Microseconds(Present) },
        ct);

    /// <summary>Which of the present gateways have accepted what was in the database at <paramref name="asOf"/>.</summary>
    /// <param name="acceptedAt">From <see cref="AcceptedAt"/>.</param>
    /// <param name="asOf">A time of <see cref="Now"/> that was read after the change was visible.</param>
    public static GatewayAcceptance Since(IReadOnlyList<long> acceptedAt, long asOf) =>
        new(acceptedAt.Count, acceptedAt.Count(accepted => accepted > asOf));

    private static long Microseconds(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
