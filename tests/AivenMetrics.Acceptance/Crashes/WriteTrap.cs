using System.Globalization;
using Npgsql;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>The point of a transaction at which the broker is blocked.</summary>
public enum CrashMoment
{
    /// <summary>Right after a writing statement: the transaction is lost.</summary>
    Statement,

    /// <summary>Within the commit: the transaction is kept and the caller gets no response.</summary>
    Commit,
}

/// <summary>
/// Triggers in the broker's own database that block it at the n-th write, by an advisory lock that the test holds. The test finds
/// the waiting session, kills the broker, and then either ends that session or lets its commit complete.
/// </summary>
internal sealed class WriteTrap : IAsyncDisposable
{
    private const int Lock = 815;

    private static readonly string[] Tables =
    [
        "service_instance",
        "service_binding",
        "service_binding_service",
        "ended_binding",
        "audit_entry",
    ];

    private readonly NpgsqlConnection _connection;

    private WriteTrap(NpgsqlConnection connection) => _connection = connection;

    public static async Task<WriteTrap> InstallAsync(string database)
    {
        var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        var trap = new WriteTrap(connection);
        // A sequence also counts in transactions that are rolled back.
        await trap.ExecuteAsync(
            $"""
            CREATE SCHEMA trap;
            CREATE TABLE trap.set (moment text, at bigint);
            CREATE SEQUENCE trap.writes;
            CREATE FUNCTION trap.hold() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF EXISTS (SELECT FROM trap.set WHERE moment = TG_ARGV[0]) THEN
                IF nextval('trap.writes') = (SELECT at FROM trap.set) THEN
                  PERFORM pg_advisory_xact_lock_shared({Lock});
                END IF;
              END IF;
              RETURN NULL;
            END $$
            """
        );
        foreach (var table in Tables)
        {
            await trap.ExecuteAsync(
                $"""
                CREATE TRIGGER trap_statement AFTER INSERT OR UPDATE OR DELETE ON {table}
                  FOR EACH STATEMENT EXECUTE FUNCTION trap.hold('{CrashMoment.Statement}');
                CREATE CONSTRAINT TRIGGER trap_commit AFTER INSERT OR UPDATE OR DELETE ON {table} DEFERRABLE INITIALLY DEFERRED
                  FOR EACH ROW EXECUTE FUNCTION trap.hold('{CrashMoment.Commit}');
                """
            );
        }

        return trap;
    }

    /// <summary>Blocks the broker at its n-th write from now on.</summary>
    public Task SetAsync(CrashMoment moment, int at) =>
        ExecuteAsync(
            $"""
            SELECT pg_advisory_lock({Lock});
            DELETE FROM trap.set;
            ALTER SEQUENCE trap.writes RESTART;
            INSERT INTO trap.set VALUES ('{moment}', {at.ToString(CultureInfo.InvariantCulture)});
            """
        );

    /// <summary>Returns whether the broker is blocked.</summary>
    public async Task<bool> HoldsAsync() => await HeldAsync() is not null;

    /// <summary>Rolls back the statement of the killed broker, or completes its commit.</summary>
    public async Task FinishAsync(CrashMoment moment)
    {
        var session = await HeldAsync();
        if (moment == CrashMoment.Statement)
        {
            await ExecuteAsync($"SELECT pg_terminate_backend({session})");
        }

        await ExecuteAsync($"SELECT pg_advisory_unlock({Lock}); DELETE FROM trap.set;");
        while (await ScalarAsync($"SELECT pid FROM pg_stat_activity WHERE pid = {session} AND state <> 'idle'") is not null)
        {
            await Task.Delay(10);
        }
    }

    /// <summary>Removes the trap.</summary>
    public Task RemoveAsync() => ExecuteAsync("DELETE FROM trap.set; SELECT pg_advisory_unlock_all();");

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    // The server lists the locks of all its databases. Other test classes have traps in other databases.
    private async Task<int?> HeldAsync() =>
        (int?)
            await ScalarAsync(
                $"""
                SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {Lock} AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """
            );

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return await command.ExecuteScalarAsync();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
