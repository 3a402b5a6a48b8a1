using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Broker.State;
using AivenMetrics.Lab.Demo;
using Xunit;
using KeyRing = AivenMetrics.Broker.State.Secrets;

namespace AivenMetrics.Acceptance.Cli;

public sealed class SqliteRekeyTests(SqliteFixture database) : RekeyTests<SqliteFixture>(database);

public sealed class PostgresRekeyTests(PostgresFixture database) : RekeyTests<PostgresFixture>(database);

/// <summary><c>aiven-metrics rekey</c> as an operator runs it, on both databases.</summary>
public abstract class RekeyTests<TDatabase>(TDatabase database) : InItsOwnFolder, IClassFixture<TDatabase>
    where TDatabase : class, IStateFixture
{
    [Fact]
    public async Task It_rewrites_tells_progress_and_says_which_key_can_go()
    {
        string connectionString = await Filled(300);

        RunResult result = await Executable.Run(Root, "rekey", "--config", Configuration(connectionString, 2, 1));
        RunResult again = await Executable.Run(Root, "rekey", "--config", Configuration(connectionString, 2, 1));

        Assert.Equal((0, ""), (result.ExitCode, result.Error.Trim()));
        Assert.Contains("300 of 300 secrets", result.Output, StringComparison.Ordinal);
        Assert.Contains("300 secrets were encrypted with key 'k2' again", result.Output, StringComparison.Ordinal);
        Assert.Contains("Key 'k1' is used by no row any more", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 secrets were encrypted with key 'k2' again", again.Output, StringComparison.Ordinal);
        Assert.Equal(0, again.ExitCode);
    }

    [Fact]
    public async Task A_key_that_is_missing_is_named_with_what_to_do()
    {
        string connectionString = await Filled(3);

        RunResult result = await Executable.Run(Root, "rekey", "--config", Configuration(connectionString, 2, 3));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("3 rows are encrypted with key 'k1', which is not in Broker:EncryptionKeys: add it again", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_killed_is_finished_by_the_next()
    {
        string connectionString = await Filled(3000);
        string configuration = Configuration(connectionString, 2, 1);
        await using (Executable killed = Executable.Start(Root, "rekey", "--config", configuration))
        {
            for (var i = 0; i < 1000 && !killed.Output.Contains("of 3000", StringComparison.Ordinal); i++)
            {
                await Task.Delay(20);
            }

            killed.Signal("KILL");
        }

        RunResult result = await Executable.Run(Root, "rekey", "--config", configuration);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("it encrypts 3000 now", result.Output, StringComparison.Ordinal);
    }

    private async Task<string> Filled(int bindings)
    {
        string connectionString = await database.NewDatabase();
        await using Stores stores = await Stores.Open(connectionString);
        Assert.True(await stores.Instances.TryInsert(Some.Instance(), CancellationToken.None));
        var secrets = new KeyRing([new EncryptionKey("k1", Bytes(1))]);
        for (var i = 0; i < bindings; i++)
        {
            await stores.Bindings.TryInsert(
                Some.Binding(id: $"binding-{i}") with { Secret = secrets.Protect($"password-{i}", KeyRing.BindingSecret) }, CancellationToken.None);
        }

        return connectionString;
    }

    private string Configuration(string connectionString, params int[] keys) => new DemoFolder(Root).Configuration("rekey", new JsonObject
    {
        ["Broker"] = new JsonObject
        {
            ["Database"] = connectionString,
            ["EncryptionKeys"] = new JsonArray(
                [.. keys.Select(key => new JsonObject { ["Id"] = $"k{key}", ["Key"] = Convert.ToBase64String(Bytes((byte)key)) })]),
        },
    });

    private static byte[] Bytes(byte fill) => [.. Enumerable.Repeat(fill, EncryptionKey.Length)];
}

/// <summary>What <c>rekey</c> says when it cannot begin.</summary>
public sealed class RekeyFaultTests : InItsOwnFolder
{
    [Fact]
    public async Task Without_keys_or_without_migrations_it_says_what_to_do()
    {
        RunResult withoutKeys = await Executable.Run(Root, "rekey", "--database", "Data Source=state.db");
        string file = new DemoFolder(Root).Configuration("rekey", new JsonObject
        {
            ["Broker"] = new JsonObject
            {
                ["EncryptionKeys"] = new JsonArray(new JsonObject { ["Id"] = "k1", ["Key"] = Convert.ToBase64String(new byte[32]) }),
            },
        });
        RunResult withoutDatabase = await Executable.Run(Root, "rekey", "--config", file, "--database", "Data Source=state.db");
        Assert.False(File.Exists(Path.Combine(Root, "state.db")), "A mistyped path must not become an empty database.");
        await File.WriteAllBytesAsync(Path.Combine(Root, "state.db"), []);
        RunResult withoutMigrations = await Executable.Run(Root, "rekey", "--config", file, "--database", "Data Source=state.db");

        Assert.Equal((2, 1, 1), (withoutKeys.ExitCode, withoutDatabase.ExitCode, withoutMigrations.ExitCode));
        Assert.Contains("Broker:Database", withoutDatabase.Error, StringComparison.Ordinal);
        Assert.Contains("Broker:EncryptionKeys is empty", withoutKeys.Error, StringComparison.Ordinal);
        Assert.Contains("aiven-metrics migrate", withoutMigrations.Error, StringComparison.Ordinal);
    }
}
