using System.Reflection;
using Dapper;
using DbUp;
using DbUp.Builder;
using DbUp.Engine.Output;
using Microsoft.Data.Sqlite;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Applies the scripts of <c>db/migrations</c>, which are embedded in the assembly, once and in the order of their names. PostgreSQL: a
/// session advisory lock admits one process at a time. SQLite: reading the journal and running the scripts is one BEGIN IMMEDIATE
/// transaction, so that a second process waits and then finds nothing to do.
/// </summary>
internal static class Migrations
{
    /// <summary>Key of the advisory lock: "aivenmig" in ASCII. Other programs may use the same database.</summary>
    private const long LockKey = 0x616976656E6D6967;

    private static readonly Assembly Scripts = typeof(Migrations).Assembly;

    /// <summary>Names of all scripts, sorted.</summary>
    public static IReadOnlyList<string> ScriptNames { get; } =
    [.. Scripts.GetManifestResourceNames().Where(IsScript).Order(StringComparer.Ordinal)];

    public static async Task ApplyAsync(Database database, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        if (!database.IsPostgres)
        {
            CreateFile(new SqliteConnectionStringBuilder(database.ConnectionString).DataSource);
            await Task.Run(() => Run(DeployChanges.To.SqliteDatabase(database.ConnectionString), progress), cancellationToken);
            return;
        }

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        // No timeout: the holder of the lock is migrating, and this process needs the result.
        await connection.ExecuteAsync(
            new CommandDefinition($"SELECT pg_advisory_lock({LockKey})", commandTimeout: 0, cancellationToken: cancellationToken)
        );
        try
        {
            await Task.Run(() => Run(DeployChanges.To.PostgresqlDatabase(database.ConnectionString), progress), cancellationToken);
        }
        finally
        {
            await connection.ExecuteAsync($"SELECT pg_advisory_unlock({LockKey})");
        }
    }

    private static void Run(UpgradeEngineBuilder target, IProgress<string>? progress)
    {
        var result = target
            .WithScriptsEmbeddedInAssembly(Scripts, IsScript)
            .WithTransaction()
            .WithVariablesDisabled()
            .LogTo(new ProgressLog(progress))
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
        {
            throw new InvalidOperationException(
                $"Migration {result.ErrorScript?.Name ?? "of the database"} failed and was rolled back: {result.Error.Message}",
                result.Error
            );
        }
    }

    private static bool IsScript(string name) => name.EndsWith(".sql", StringComparison.Ordinal);

    /// <summary>
    /// Creates the file and its folder with access for the owner only: it contains hashes and ciphertexts, and SQLite would apply the
    /// umask. Files that SQLite creates beside it get the same mode.
    /// </summary>
    private static void CreateFile(string path)
    {
        if (path.StartsWith("file:", StringComparison.Ordinal) || File.Exists(path))
        {
            return;
        }
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        new FileStream(path, options).Dispose();
    }

    /// <summary>Forwards DbUp's log. Errors are reported as the result, so only progress is forwarded.</summary>
    private sealed class ProgressLog(IProgress<string>? progress) : IUpgradeLog
    {
        public void LogTrace(string format, params object[] args) { }

        public void LogDebug(string format, params object[] args) { }

        public void LogInformation(string format, params object[] args) =>
            progress?.Report(string.Format(System.Globalization.CultureInfo.InvariantCulture, format, args));

        public void LogWarning(string format, params object[] args) => LogInformation(format, args);

        public void LogError(string format, params object[] args) { }

        public void LogError(Exception ex, string format, params object[] args) { }
    }
}
