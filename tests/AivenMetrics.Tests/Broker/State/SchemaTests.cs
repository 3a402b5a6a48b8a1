using System.Runtime.CompilerServices;
using System.Text;
using AivenMetrics.Broker.State;
using Microsoft.Data.Sqlite;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

/// <summary><c>db/schema.sql</c> is the result of all migrations, in one file.</summary>
public sealed class SchemaTests
{
    [Fact]
    public async Task The_schema_file_is_the_result_of_all_migrations()
    {
        var expected = await SchemaAsync();
        var file = Path.Combine(Root(), "db", "schema.sql");

        var actual = File.Exists(file) ? await File.ReadAllTextAsync(file) : "";

        if (actual != expected)
        {
            var made = Path.Combine(Path.GetTempPath(), "schema.sql");
            await File.WriteAllTextAsync(made, expected);
            Assert.Fail($"db/schema.sql differs from the migrations. Copy {made} over it.");
        }
    }

    [Fact]
    public async Task A_second_migration_does_nothing_and_an_unknown_folder_is_made()
    {
        var folder = Directory.CreateTempSubdirectory("aivenmetrics-schema-");
        var lines = new List<string>();
        await using (var database = Database.Open($"Data Source={Path.Combine(folder.FullName, "new", "state.db")}"))
        {
            await database.MigrateAsync(null, CancellationToken.None);
            await database.MigrateAsync(new Lines(lines), CancellationToken.None);
        }

        Assert.DoesNotContain(lines, line => line.Contains("Executing", StringComparison.Ordinal));
        folder.Delete(recursive: true);
    }

    private static async Task<string> SchemaAsync()
    {
        var folder = Directory.CreateTempSubdirectory("aivenmetrics-schema-");
        var path = Path.Combine(folder.FullName, "state.db");
        await using (var database = Database.Open($"Data Source={path}"))
        {
            await database.MigrateAsync(null, CancellationToken.None);
        }

        var schema = new StringBuilder("-- The result of db/migrations, made by SchemaTests: change it by a new migration.\n");
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = """
                SELECT sql FROM sqlite_master
                WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' AND tbl_name <> 'SchemaVersions'
                ORDER BY tbl_name, type DESC, name
                """;
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                schema.Append('\n').Append(rows.GetString(0).TrimEnd()).Append(";\n");
            }
        }

        folder.Delete(recursive: true);
        return schema.ToString();
    }

    private static string Root([CallerFilePath] string path = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(path)!);
        while (!File.Exists(Path.Combine(folder.FullName, "AivenMetrics.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("AivenMetrics.sln is in no folder above the tests.");
        }
        return folder.FullName;
    }

    private sealed class Lines(List<string> lines) : IProgress<string>
    {
        public void Report(string value) => lines.Add(value);
    }
}
