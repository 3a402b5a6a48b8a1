using System.Data.Common;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace AivenMetrics.Broker.State;

/// <summary>
/// The broker's database: SQLite for one node, PostgreSQL for production, with the same SQL for both (design decision 10).
/// Safe for use by many threads; open it once per process.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const string PostgresNow = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

    private readonly DbDataSource _source;

    // SQLite has one writer at a time and answers the others with SQLITE_BUSY: within the process they queue here instead.
    // Null with PostgreSQL, which queues writers itself.
    private readonly SemaphoreSlim? _writer;

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    private Database(DbDataSource source, SemaphoreSlim? writer, DatabaseKind kind, string connectionString)
    {
        this._source = source;
        this._writer = writer;
        IsPostgres = kind == DatabaseKind.Postgres;
        ConnectionString = connectionString;
    }

    /// <summary>True: PostgreSQL; false: SQLite.</summary>
    public bool IsPostgres { get; }

    /// <summary>Normalised for the driver. Holds a password with PostgreSQL: never log it.</summary>
    internal string ConnectionString { get; }

    /// <summary>Prepares access to a database; nothing is connected yet.</summary>
    /// <param name="connectionString">
    /// <c>Host=…;Username=…</c>, <c>postgres://user:password@host/database</c> or <c>Data Source=file</c> (created when missing).
    /// </param>
    /// <exception cref="ArgumentException">The string names neither kind of database; the message never repeats the string.</exception>
    public static Database Open(string connectionString)
    {
        var (kind, normalised) = ConnectionStrings.Normalize(connectionString);
        return kind == DatabaseKind.Postgres
            ? new Database(NpgsqlDataSource.Create(normalised), null, kind, normalised)
            : new Database(new SqliteDataSource(normalised), new SemaphoreSlim(1, 1), kind, normalised);
    }

    /// <summary>As <see cref="Open"/>, but for looking only: a SQLite file that is missing is a fault when it is used, and is not made.</summary>
    public static Database OpenExisting(string connectionString)
    {
        var (kind, normalised) = ConnectionStrings.Normalize(connectionString);
        return kind == DatabaseKind.Postgres
            ? Open(connectionString)
            : Open(new SqliteConnectionStringBuilder(normalised) { Mode = SqliteOpenMode.ReadWrite }.ConnectionString);
    }

    /// <summary>Brings the schema up to date; does nothing when it is. Safe when several processes do it at once.</summary>
    /// <param name="progress">Told one line per applied script; null: nobody.</param>
    /// <param name="cancellationToken">Stops the wait for another process's migration.</param>
    public Task MigrateAsync(IProgress<string>? progress, CancellationToken cancellationToken) =>
        Migrations.ApplyAsync(this, progress, cancellationToken);

    /// <summary>True when every migration that this program carries has been applied.</summary>
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
    /// The database's clock in microseconds since the Unix epoch: one clock for all processes that share the database. With
    /// SQLite these run on one machine, so it is that machine's; SQLite's own functions know milliseconds only.
    /// </summary>
    internal async Task<long> NowAsync(CancellationToken cancellationToken) =>
        IsPostgres ? (await QueryAsync<long>($"SELECT {PostgresNow}", null, cancellationToken)).Single() : ProcessNow;

    /// <summary><see cref="NowAsync"/> as an expression within a statement.</summary>
    internal string NowSql => IsPostgres ? PostgresNow : ProcessNow.ToString(CultureInfo.InvariantCulture);

    private static long ProcessNow => (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal async Task<DbConnection> OpenConnectionAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    /// <summary>Rows of one statement outside any transaction.</summary>
    internal async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? args, CancellationToken cancellationToken)
    {
        await using var connection = await _source.OpenConnectionAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, args, cancellationToken: cancellationToken))).AsList();
    }

    /// <summary>One writing statement. Gives back the number of rows it touched.</summary>
    internal Task<int> ExecuteAsync(string sql, object? args, CancellationToken cancellationToken) =>
        InTransactionAsync(transaction => transaction.ExecuteAsync(sql, args), cancellationToken);

    /// <summary>
    /// Runs <paramref name="work"/> in one transaction, which is committed when it returns and rolled back when it throws.
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
            // With SQLite this is BEGIN IMMEDIATE: a transaction never has to turn from reader into writer half-way.
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

    /// <summary>True when a statement failed because a row refers to another that is not there, or is referred to.</summary>
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

/// <summary>A transaction that is open while <see cref="Database.InTransactionAsync{T}"/> runs its work.</summary>
internal sealed class WriteTransaction(DbConnection connection, DbTransaction transaction, CancellationToken cancellationToken)
{
    public Task<int> ExecuteAsync(string sql, object? args) =>
        connection.ExecuteAsync(new CommandDefinition(sql, args, transaction, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? args) =>
        (await connection.QueryAsync<T>(new CommandDefinition(sql, args, transaction, cancellationToken: cancellationToken))).AsList();
}

/// <summary>Connections to one SQLite file: Microsoft.Data.Sqlite brings no <see cref="DbDataSource"/> of its own.</summary>
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

    // Pooled connections keep the file open; a test or an operator may want to move it after we are done.
    protected override void Dispose(bool disposing)
    {
        using (var connection = new SqliteConnection(connectionString))
        {
            SqliteConnection.ClearPool(connection);
        }
        base.Dispose(disposing);
    }

    // WAL lets readers go on while one writes, and is remembered by the file. Other processes' writers are waited for.
    private static void Prepare(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;";
        command.ExecuteNonQuery();
    }
}
