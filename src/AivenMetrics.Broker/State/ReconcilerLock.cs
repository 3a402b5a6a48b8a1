using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Lets one broker at a time reconcile. PostgreSQL: a session advisory lock, which the server gives up when the connection
/// dies. SQLite: a lock on a file beside the database, which the operating system gives up when the process dies.
/// </summary>
public sealed class ReconcilerLock(Database database)
{
    /// <summary>Key of the advisory lock, "aivenrec" in ASCII.</summary>
    private const long LockKey = 0x616976656E726563;

    // A dead network path is noticed by these, in seconds, instead of by the operating system's hours.
    private const int KeepAliveSeconds = 10;

    /// <summary>Takes the lock if it is free; dispose the answer to give it back.</summary>
    /// <returns>Null: another broker has it.</returns>
    public async Task<ReconcilerLease?> TryAcquireAsync(CancellationToken cancellationToken) =>
        database.IsPostgres ? await TryAcquirePostgresAsync(cancellationToken) : TryAcquireFile();

    private async Task<ReconcilerLease?> TryAcquirePostgresAsync(CancellationToken cancellationToken)
    {
        // Its own connection outside the pool: the lock lives and dies with it.
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false, KeepAlive = KeepAliveSeconds };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            var taken = await connection.ExecuteScalarAsync<bool>(
                new CommandDefinition($"SELECT pg_try_advisory_lock({LockKey})", cancellationToken: cancellationToken)
            );
            if (taken)
            {
                return new ReconcilerLease(connection, null);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    private ReconcilerLease? TryAcquireFile()
    {
        var path = new SqliteConnectionStringBuilder(database.ConnectionString).DataSource + ".reconciler";
        try
        {
            return new ReconcilerLease(null, new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }
}

/// <summary>The right to reconcile, as long as <see cref="IsHeldAsync"/> says so.</summary>
public sealed class ReconcilerLease : IAsyncDisposable
{
    private readonly NpgsqlConnection? _connection;
    private readonly FileStream? _file;

    internal ReconcilerLease(NpgsqlConnection? connection, FileStream? file)
    {
        this._connection = connection;
        this._file = file;
    }

    /// <summary>Asks whether the lock is still ours; ask before each step that changes something outside.</summary>
    /// <returns>False: the connection died and another broker may have the lock: dispose this and acquire again.</returns>
    public async Task<bool> IsHeldAsync(CancellationToken cancellationToken)
    {
        if (_connection is null)
        {
            return true;
        }
        try
        {
            return await _connection.ExecuteScalarAsync<int>(new CommandDefinition("SELECT 1", cancellationToken: cancellationToken)) == 1;
        }
        catch (Exception e) when (e is DbException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Gives the lock back.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }
        if (_file is not null)
        {
            await _file.DisposeAsync();
        }
    }
}
