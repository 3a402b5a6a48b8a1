using System.Diagnostics;
using System.Globalization;
using AivenMetrics.Testing.Programs;
using Npgsql;

namespace AivenMetrics.Benchmarks;

/// <summary>
/// How many bind + unbind lifecycles a second the broker does on PostgreSQL, as a ratio to single-row commits by pgbench on the
/// same server, in rounds that alternate so that whatever else the machine does falls on both. A lifecycle that needs n writing
/// transactions could at best come n times as rarely as a commit; the aim is half of that.
/// Options: --seconds (of a round, 15), --rounds (3), --clients (16), --no-fsync.
/// </summary>
internal static class LifecycleLoad
{
    private const string PgbenchDatabase = "pgbench";

    private static readonly TextTable Table = new(
        ("round", 5),
        ("lifecycles/s", 12),
        ("bind p50 ms", 11),
        ("p99", 7),
        ("unbind p50", 10),
        ("p99", 7),
        ("writes each", 11),
        ("commits each", 12),
        ("pgbench/s", 9),
        ("ratio", 5)
    );

    public static async Task<int> RunAsync(LoadOptions options)
    {
        (var seconds, var rounds, var clients) = (
            options.Number("seconds", 15),
            options.Number("rounds", 3),
            options.Number("clients", 16)
        );
        await using var server = await PostgresServer.StartAsync(durable: !options.Flag("no-fsync"));
        var database = await server.CreateDatabaseAsync();
        await server.ExecuteAsync($"CREATE DATABASE {PgbenchDatabase}");
        await ExecuteAsync(
            server.ConnectionString(PgbenchDatabase),
            "CREATE TABLE one (id bigserial PRIMARY KEY, text varchar(255) NOT NULL)"
        );
        await using var stack = await BrokerStack.StartAsync(database);
        using var platform = await LoadPlatform.ConnectAsync(stack.Url, stack.Password);
        var instances = await platform.SettleAsync(clients);
        var script = await ScriptAsync();
        await platform.LoopAsync(instances, clients, TimeSpan.FromSeconds(5));
        await PgbenchAsync(server, script, clients, 2);

        Console.WriteLine(
            $"{clients} clients, rounds of {seconds} s, fsync {(options.Flag("no-fsync") ? "off" : "on")}; broker, gateway, "
                + $"simulator, PostgreSQL and the load share {Environment.ProcessorCount} cores"
        );
        Table.WriteHeader();
        List<double> ratios = [];
        for (var round = 1; round <= rounds; round++)
        {
            (long writes, long commits) before = await TransactionsAsync(server, database);
            var start = Stopwatch.GetTimestamp();
            var (binds, unbinds) = await platform.LoopAsync(instances, clients, TimeSpan.FromSeconds(seconds));
            var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            // PostgreSQL's statistics are up to a second late.
            await Task.Delay(TimeSpan.FromSeconds(1.2));
            (long writes, long commits) after = await TransactionsAsync(server, database);
            var commitsPerSecond = await PgbenchAsync(server, script, clients, seconds);
            var lifecycles = binds.Count / took;
            var writesEach = (double)(after.writes - before.writes) / Math.Max(1, binds.Count);
            ratios.Add(lifecycles * writesEach / commitsPerSecond);
            Table.WriteRow(
                $"{round}",
                $"{lifecycles:0.0}",
                $"{1000 * Percentile(binds, 50):0.0}",
                $"{1000 * Percentile(binds, 99):0.0}",
                $"{1000 * Percentile(unbinds, 50):0.0}",
                $"{1000 * Percentile(unbinds, 99):0.0}",
                $"{writesEach:0.00}",
                $"{(double)(after.commits - before.commits) / Math.Max(1, binds.Count):0.00}",
                $"{commitsPerSecond:0}",
                $"{ratios[^1]:0.00}"
            );
        }

        ratios.Sort();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"median ratio {ratios[ratios.Count / 2]:0.00} (aim: at least 0.5), {platform.Failures} failures"
            )
        );
        return platform.Failures == 0 && ratios[ratios.Count / 2] >= 0.5 ? 0 : 1;
    }

    public static double Percentile(List<double> values, int percent)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }
        values.Sort();
        return values[Math.Min(values.Count - 1, values.Count * percent / 100)];
    }

    /// <summary>
    /// Transactions so far: writing ones, which alone take a transaction id, of the whole server; and all that the broker's
    /// database committed, reading ones too.
    /// </summary>
    private static async Task<(long Writes, long Commits)> TransactionsAsync(PostgresServer server, string database)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, xact_commit FROM pg_stat_database WHERE datname = @name",
            connection
        );
        command.Parameters.AddWithValue("name", new NpgsqlConnectionStringBuilder(database).Database!);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    private static async Task<string> ScriptAsync()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            file,
            "INSERT INTO one (text) VALUES ('a binding, as long as one is: b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10');\n"
        );
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        return file;
    }

    /// <returns>Commits a second.</returns>
    private static async Task<double> PgbenchAsync(PostgresServer server, string script, int clients, int seconds)
    {
        string[] arguments =
        [
            "-h",
            "127.0.0.1",
            "-p",
            server.Port.ToString(CultureInfo.InvariantCulture),
            "-U",
            "postgres",
            "-n",
            "-c",
            clients.ToString(CultureInfo.InvariantCulture),
            "-j",
            "2",
            "-T",
            seconds.ToString(CultureInfo.InvariantCulture),
            "-f",
            script,
            PgbenchDatabase,
        ];
        using var pgbench = Process.Start(new ProcessStartInfo("pgbench", arguments) { RedirectStandardOutput = true })!;
        var output = await pgbench.StandardOutput.ReadToEndAsync();
        await pgbench.WaitForExitAsync();
        string line = output.Split('\n').FirstOrDefault(line => line.StartsWith("tps = ", StringComparison.Ordinal))
            ?? throw new InvalidOperationException($"pgbench said nothing of its speed: {output}");
        return double.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
