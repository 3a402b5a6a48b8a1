using System.Diagnostics;
using AivenMetrics.Lab.Demo;
using Npgsql;

namespace AivenMetrics.Testing.Programs;

/// <summary>A PostgreSQL server in a temporary folder, on a free loopback port. Disposing deletes its data.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _binaries;
    private readonly string _durability;
    private int _databases;

    private PostgresServer(string folder, string binaries, int port, bool durable)
    {
        _folder = folder;
        _binaries = binaries;
        _durability = durable ? "on" : "off";
        Port = port;
    }

    /// <summary>The loopback port.</summary>
    public int Port { get; }

    // PostgreSQL refuses to run as root; on such a machine the package's own user runs it.
    private static bool IsRoot => Environment.UserName == "root";

    /// <summary>Creates a cluster and starts it.</summary>
    /// <param name="durable">True: commits wait for the disk, as in production; tests need not.</param>
    public static async Task<PostgresServer> StartAsync(bool durable = false)
    {
        var folder = Directory.CreateTempSubdirectory("aivenmetrics-pg-").FullName;
        var server = new PostgresServer(folder, FindBinaries(), FreePorts.Take(1)[0], durable);
        try
        {
            if (IsRoot)
            {
                await RunAsync("chown", "postgres", folder);
            }
            await server.ToolAsync("initdb", "-D", server.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync");
            await server.ToolAsync(
                "pg_ctl",
                "-D",
                server.Data,
                "-l",
                Path.Combine(folder, "log"),
                "-w",
                "-t",
                "60",
                "start",
                "-o",
                server.Settings
            );
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private string Settings => $"-p {Port} -k {_folder} -c listen_addresses=127.0.0.1 -c fsync={_durability} -c max_connections=200";

    private string Data => Path.Combine(_folder, "data");

    /// <summary>A connection string of a database on this server.</summary>
    public string ConnectionString(string database) => $"Host=127.0.0.1;Port={Port};Username=postgres;Database={database}";

    /// <summary>Creates a database.</summary>
    /// <param name="template">The database to copy; it must have no open connections. Default: an empty database.</param>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync(string template = "template1")
    {
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync($"CREATE DATABASE {name} TEMPLATE {template}");
        return ConnectionString(name);
    }

    /// <summary>Runs a statement as the superuser.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Stops the server at once, as a crash would; <see cref="RestartAsync"/> brings it back.</summary>
    public Task StopAsync() => ToolAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    /// <summary>Starts the stopped server again on the same port and data.</summary>
    public Task RestartAsync() =>
        ToolAsync("pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-w", "-t", "60", "start", "-o", Settings);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await StopAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    private static string FindBinaries()
    {
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(Version).Select(version => Path.Combine(version, "bin"))
            : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return installed.Concat(path).FirstOrDefault(place => File.Exists(Path.Combine(place, "initdb")))
            ?? throw new InvalidOperationException(
                "PostgreSQL's initdb is neither under /usr/lib/postgresql/*/bin nor in PATH: run tests/run.sh, which installs it."
            );
    }

    private static int Version(string folder) => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0;

    private Task ToolAsync(string name, params string[] arguments)
    {
        var tool = Path.Combine(_binaries, name);
        return IsRoot ? RunAsync("runuser", ["-u", "postgres", "--", tool, .. arguments]) : RunAsync(tool, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // The server inherits the streams of pg_ctl: reading them to the end would wait for the server itself.
        var errors = Path.GetTempFileName();
        try
        {
            var script = "out=$1; shift; exec \"$@\" >\"$out\" 2>&1 </dev/null";
            using var process = Process.Start(
                new ProcessStartInfo("/bin/sh", ["-c", script, "sh", errors, program, .. arguments]) { WorkingDirectory = "/" }
            ) ?? throw new InvalidOperationException($"{program} did not start.");
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException(
                    $"{program} {string.Join(' ', arguments)} exited with {process.ExitCode}: {await File.ReadAllTextAsync(errors)}"
                );
            }
        }
        finally
        {
            File.Delete(errors);
        }
    }
}
