using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// The broker's database: SQLite for one node, PostgreSQL for production, with the same SQL (docs/decisions/0001-founding-decisions.md,
/// section 10). Thread-safe; open it once per process.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const string PostgresNow = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

    private readonly DbDataSource _source;

    // SQLite has a single writer and returns SQLITE_BUSY to others, so writers within the process queue here. Null for PostgreSQL, which
    // queues writers itself.
    private readonly SemaphoreSlim? _writer;

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    private Database(DbDataSource source, SemaphoreSlim? writer, DatabaseKind kind, string connectionString)
    {
        _source = source;
        _writer = writer;
        IsPostgres = kind == DatabaseKind.Postgres;
        ConnectionString = connectionString;
    }

    /// <summary>True for PostgreSQL, false for SQLite.</summary>
    public bool IsPostgres { get; }

    /// <summary>Normalized connection string. With PostgreSQL it contains a password: do not log it.</summary>
    internal string ConnectionString { get; }

    /// <summary>Prepares access to a database, without connecting.</summary>
    /// <param name="connectionString">
    /// <c>Host=…;Username=…</c>, <c>postgres://user:password@host/database</c> or <c>Data Source=file</c> (created if missing).
    /// </param>
    /// <exception cref="ArgumentException">The string names neither kind of database. The message does not contain the string.</exception>
    public static Database Open(string connectionString)
    {
        var (kind, normalized) = ConnectionStrings.Normalize(connectionString);
        return kind == DatabaseKind.Postgres
            ? new Database(NpgsqlDataSource.Create(normalized), null, kind, normalized)
            : new Database(new SqliteDataSource(normalized), new SemaphoreSlim(1, 1), kind, normalized);
    }

    /// <summary>Like <see cref="Open"/>, but does not create a missing SQLite file: using the database then fails.</summary>
    public static Database OpenExisting(string connectionString)
    {
        var (kind, normalized) = ConnectionStrings.Normalize(connectionString);
        return kind == DatabaseKind.Postgres
            ? Open(connectionString)
            : Open(new SqliteConnectionStringBuilder(normalized) { Mode = SqliteOpenMode.ReadWrite }.ConnectionString);
    }

    /// <summary>Applies missing migrations. Safe to run in several processes at once.</summary>
    /// <param name="progress">Receives one line per applied script; null: none.</param>
    /// <param name="cancellationToken">Cancels the wait for the migration of another process.</param>
    public Task MigrateAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        Migrations.ApplyAsync(this, progress, cancellationToken);

    /// <summary>Returns true if all migrations of this program are applied.</summary>
    public async Task<bool> IsMigratedAsync(CancellationToken cancellationToken)
    {
        try
        {
            var applied = await QueryAsync<string>("SELECT scriptname FROM schemaversions", null, cancellationToken);
            return !Migrations.ScriptNames.Except(applied, StringComparer.Ordinal).Any();
        }
        catch (DbException e) when (IsMissingTable(e))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        _writer?.Dispose();
    }

    /// <summary>
    /// Returns the clock of the database, in microseconds since the Unix epoch: one clock for all processes. SQLite databases are used on
    /// one machine, so its clock is used; SQLite's functions have a precision of milliseconds only.
    /// </summary>
    internal async Task<long> NowAsync(CancellationToken cancellationToken) =>
        IsPostgres ? (await QueryAsync<long>($"SELECT {PostgresNow}", null, cancellationToken)).Single() : ProcessNow;

    /// <summary><see cref="NowAsync"/> as an SQL expression.</summary>
    internal string NowSql => IsPostgres ? PostgresNow : ProcessNow.ToString(CultureInfo.InvariantCulture);

    private static long ProcessNow => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal async Task<DbConnection> OpenConnectionAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Executes a query outside of a transaction.</summary>
    internal async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? args, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, args, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>Executes one writing statement and returns the number of changed rows.</summary>
    internal Task<int> ExecuteAsync(string sql, object? args, CancellationToken cancellationToken) =>
        InTransactionAsync(transaction => transaction.ExecuteAsync(sql, args), cancellationToken);

    /// <summary>
    /// Executes <paramref name="work"/> in a transaction, which is committed when it returns and rolled back when it throws.
    /// </summary>
    internal async Task<T> InTransactionAsync<T>(Func<WriteTransaction, Task<T>> work, CancellationToken cancellationToken)
    {
        if (_writer is not null)
        {
            await _writer.WaitAsync(cancellationToken);
        }
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancellationToken);
            // With SQLite this is BEGIN IMMEDIATE, so a transaction never has to upgrade from reading to writing.
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var result = await work(new WriteTransaction(connection, transaction, cancellationToken));
            await transaction.CommitAsync(cancellationToken);
            return result;
        }
        finally
        {
            _writer?.Release();
        }
    }

    /// <summary>Returns true if a statement failed because of a foreign key.</summary>
    internal static bool IsForeignKeyViolation(DbException e) =>
        e switch
        {
            PostgresException postgres => postgres.SqlState == PostgresErrorCodes.ForeignKeyViolation,
            SqliteException sqlite => sqlite.SqliteExtendedErrorCode == 787, // SQLITE_CONSTRAINT_FOREIGNKEY
            _ => false,
        };

    private static bool IsMissingTable(DbException e) =>
        e switch
        {
            PostgresException postgres => postgres.SqlState == PostgresErrorCodes.UndefinedTable,
            SqliteException sqlite => sqlite.SqliteErrorCode == 1, // SQLITE_ERROR, which is what "no such table" is
            _ => false,
        };
}

/// <summary>The open transaction during <see cref="Database.InTransactionAsync{T}"/>.</summary>
internal sealed class WriteTransaction(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
{
    public Task<int> ExecuteAsync(string sql, object? args) =>
        connection.ExecuteAsync(new CommandDefinition(sql, args, transaction, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? args) =>
        (await connection.QueryAsync<T>(new CommandDefinition(sql, args, transaction, cancellationToken: cancellationToken))).AsList();
}

/// <summary>Connections to a SQLite file. Microsoft.Data.Sqlite has no <see cref="DbDataSource"/> of its own.</summary>
internal sealed class SqliteDataSource(string connectionString) : DbDataSource
{
    public override string ConnectionString => connectionString;

    protected override DbConnection CreateDbConnection() => new SqliteConnection(connectionString);

    protected override DbConnection OpenDbConnection()
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            connection.Open();
            Prepare(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(OpenDbConnection());
    }

    // Pooled connections keep the file open; clearing the pool allows it to be moved afterwards.
    protected override void Dispose(bool disposing)
    {
        using (var connection = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }
        base.Dispose(disposing);
    }

    // WAL allows reads during a write and is a property of the file. Writers of other processes are awaited.
    private static void Prepare(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;";
        command.ExecuteNonQuery();
    }
}
