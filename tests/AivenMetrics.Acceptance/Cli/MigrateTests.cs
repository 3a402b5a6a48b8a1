using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

public sealed class SqliteMigrateTests(SqliteFixture database) : MigrateTests<SqliteFixture>(database);

public sealed class PostgresMigrateTests(PostgresFixture database) : MigrateTests<PostgresFixture>(database);

/// <summary><c>aiven-metrics migrate</c> on both databases.</summary>
public abstract class MigrateTests<TDatabase>(TDatabase database) : TemporaryFolderTestBase, IClassFixture<TDatabase>
    where TDatabase : class, IStateFixture
{
    [Fact]
    public async Task A_second_migration_changes_nothing()
    {
        var connectionString = await database.NewDatabaseAsync();
        var file = Path.Combine(Root, "connection");
        await File.WriteAllTextAsync(file, connectionString + "\n");

        var first = await Executable.RunAsync(Root, "migrate", "--database", connectionString);
        var second = await Executable.RunAsync(Root, "migrate", "--database-file", file);

        Assert.Equal((0, 0), (first.ExitCode, second.ExitCode));
        Assert.Contains("0001-state.sql", first.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Executing", second.Output, StringComparison.Ordinal);
        Assert.Contains("current schema", second.Output, StringComparison.Ordinal);
    }
}

/// <summary>Errors of <c>migrate</c>.</summary>
public sealed class InvalidMigrateArgumentsTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=nobody;Password=hidden-from-all;Timeout=2", 1)]
    [InlineData("Data Source=/dev/null/state.db", 1)]
    [InlineData("Data Source=/proc/nothing/state.db", 1)]
    [InlineData("Data Source=/dev", 1)]
    [InlineData("Data Source=/proc/version", 1)]
    [InlineData("Nonsense", 2)]
    public async Task An_unreachable_database_is_reported_in_a_sentence(string connectionString, int exitCode)
    {
        var file = Path.Combine(Root, "connection");
        await File.WriteAllTextAsync(file, connectionString);

        var result = await Executable.RunAsync(Root, "migrate", "--database-file", file);

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("Broker:Database", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden-from-all", result.Error + result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"Broker\":{")]
    [InlineData("{\"Broker\":{\"Databse\":\"Data Source=somewhere-else.db\"}}")]
    [InlineData("{\"Broke\":{\"Database\":\"Data Source=somewhere-else.db\"}}")]
    public async Task With_an_invalid_configuration_nothing_is_migrated(string configuration)
    {
        var file = Path.Combine(Root, "broken.json");
        await File.WriteAllTextAsync(file, configuration);

        var result = await Executable.RunAsync(Root, "migrate", "--config", file);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(Directory.GetFiles(Root, "*.db"));
    }

    [Fact]
    public async Task A_broker_without_a_usable_database_exits_with_the_reason()
    {
        var folder = new DemoFolder(Root);
        var at = new StackConfiguration(new StackOptions { Database = "Data Source=/dev/null/state.db" }, folder);
        var file = folder.WriteConfiguration("broker", new JsonObject { ["Broker"] = at.Broker(0) });

        var result = await Executable.RunAsync(Root, "broker", "--config", file);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("/dev/null", result.Output, StringComparison.Ordinal);
    }
}
