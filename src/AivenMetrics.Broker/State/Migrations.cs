using System.Reflection;
using Dapper;
using DbUp;
using DbUp.Builder;
using DbUp.Engine.Output;
using Microsoft.Data.Sqlite;

namespace AivenMetrics.Broker.State;

/// <summary>
/// Applies the scripts of <c>db/migrations</c>, which the assembly carries, in the order of their names and each once.
/// PostgreSQL: one process at a time, by a session advisory lock. SQLite: the journal is read and the scripts are run in
/// one BEGIN IMMEDIATE, so a second process waits and then finds nothing to do.
/// </summary>
internal static class Migrations
{
    /// <summary>Key of the advisory lock, "aivenmig" in ASCII: one database may serve other programs too.</summary>
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
        // No time-out: whoever has it is migrating, and its end is what we wait for.
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
    /// Makes the file, with its folder, for its owner alone: it holds hashes and ciphertexts, and SQLite would leave the mode to
    /// the umask. The files that SQLite puts beside it get the same mode.
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

    /// <summary>DbUp's log lines; its errors come back as the result, so only what it did is told.</summary>
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
