using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Admits one reconciling broker at a time. PostgreSQL: a session advisory lock, released by the server when the connection ends. SQLite: a
/// lock on a file beside the database, released by the operating system when the process ends.
/// </summary>
public sealed class ReconcilerLock(Database database)
{
    /// <summary>Key of the advisory lock: "aivenrec" in ASCII.</summary>
    private const long LockKey = 0x616976656E726563;

    // Keepalives detect a dead network path within seconds instead of hours.
    private const int KeepAliveSeconds = 10;

    /// <summary>Acquires the lock if it is free. Dispose the lease to release it.</summary>
    /// <returns>Null if another broker holds the lock.</returns>
    public async Task<ReconcilerLease?> TryAcquireAsync(CancellationToken cancellationToken) =>
        database.IsPostgres ? await TryAcquirePostgresAsync(cancellationToken) : TryAcquireFile();

    private async Task<ReconcilerLease?> TryAcquirePostgresAsync(CancellationToken cancellationToken)
    {
        // A connection of its own outside the pool: the lock ends with the connection.
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

/// <summary>A lease for reconciling, valid while <see cref="IsHeldAsync"/> returns true.</summary>
public sealed class ReconcilerLease : IAsyncDisposable
{
    private readonly NpgsqlConnection? _connection;
    private readonly FileStream? _file;

    internal ReconcilerLease(NpgsqlConnection? connection, FileStream? file)
    {
        _connection = connection;
        _file = file;
    }

    /// <summary>Checks whether the lock is still held.</summary>
    /// <returns>False if the connection ended and another broker may hold the lock: dispose this lease and acquire again.</returns>
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

    /// <summary>Releases the lock.</summary>
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
