using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

public sealed class SqliteAuditTests(SqliteFixture database) : AuditTests<SqliteFixture>(database);

public sealed class PostgresAuditTests(PostgresFixture database) : AuditTests<PostgresFixture>(database);

/// <summary><c>aiven-metrics audit</c> on both databases.</summary>
public abstract class AuditTests<TDatabase>(TDatabase database) : TemporaryFolderTestBase, IClassFixture<TDatabase>
    where TDatabase : class, IStateFixture
{
    [Fact]
    public async Task The_trail_is_printed_as_text_and_as_JSON()
    {
        var connectionString = await database.NewDatabaseAsync();
        var file = Path.Combine(Root, "connection");
        await File.WriteAllTextAsync(file, connectionString);
        await using (var stores = await StateStores.OpenAsync(connectionString))
        {
            foreach ((var instance, var day) in new[] { ("i-1", 1), ("i-2", 2), ("i-1", 3) })
            {
                await new AuditStore(stores.Database).AppendAsync(
                    new AuditRecord(
                        StateData.Time.AddDays(day),
                        "Update",
                        new InstanceId(instance),
                        null,
                        new Actor("broker", "cloudfoundry", """{"user_id":"ann"}""", null),
                        AuditResult.Succeeded,
                        $"Day {day}."
                    ),
                    CancellationToken.None
                );
            }
        }

        var people = await Executable.RunAsync(Root, "audit", "--database-file", file, "--instance", "i-1");
        var programs = await Executable.RunAsync(Root, "audit", "--database-file", file, "--json", "--limit", "2");
        var none = await Executable.RunAsync(Root, "audit", "--database-file", file, "--since", "2126-01-01");

        Assert.Equal((0, 0, 0), (people.ExitCode, programs.ExitCode, none.ExitCode));
        var lines = people.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("Day 3.", lines[2], StringComparison.Ordinal);
        Assert.Contains("ann (cloudfoundry)", lines[1], StringComparison.Ordinal);
        Assert.Equal(
            ["Day 2.", "Day 3."],
            programs.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["description"])
        );
        Assert.Equal("", none.Output.Trim());
        Assert.Contains("No entries match", none.Error, StringComparison.Ordinal);
    }
}

/// <summary>Errors of <c>audit</c>.</summary>
public sealed class InvalidAuditArgumentsTests : TemporaryFolderTestBase
{
    [Fact]
    public async Task A_missing_database_is_not_created()
    {
        var result = await Executable.RunAsync(Root, "audit", "--database", "Data Source=nothing.db");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("Broker:Database", result.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Root, "*.db"));
    }

    [Theory]
    [InlineData("--since", "yesterday")]
    [InlineData("--limit", "0")]
    [InlineData("--limit", "many")]
    [InlineData("--instanec", "i")]
    public async Task An_invalid_option_is_reported_in_a_sentence(string option, string value)
    {
        var result = await Executable.RunAsync(Root, "audit", option, value);

        Assert.Equal(2, result.ExitCode);
        Assert.NotEmpty(result.Error);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
