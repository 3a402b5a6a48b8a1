using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Broker.State;
using AivenMetrics.Lab.Demo;
using Xunit;
using KeyRing = AivenMetrics.Broker.State.SecretProtector;

namespace AivenMetrics.Acceptance.Cli;

public sealed class SqliteRekeyTests(SqliteFixture database) : RekeyTests<SqliteFixture>(database);

public sealed class PostgresRekeyTests(PostgresFixture database) : RekeyTests<PostgresFixture>(database);

/// <summary><c>aiven-metrics rekey</c> as an operator runs it, on both databases.</summary>
public abstract class RekeyTests<TDatabase>(TDatabase database) : TemporaryFolderTestBase, IClassFixture<TDatabase>
    where TDatabase : class, IStateFixture
{
    [Fact]
    public async Task It_rewrites_reports_progress_and_names_the_key_that_can_be_removed()
    {
        var connectionString = await FilledAsync(300);

        var result = await Executable.RunAsync(Root, "rekey", "--config", Configuration(connectionString, 2, 1));
        var again = await Executable.RunAsync(Root, "rekey", "--config", Configuration(connectionString, 2, 1));

        Assert.Equal((0, ""), (result.ExitCode, result.Error.Trim()));
        Assert.Contains("300 of 300 secrets", result.Output, StringComparison.Ordinal);
        Assert.Contains("300 secrets were encrypted with key 'k2'; it now encrypts", result.Output, StringComparison.Ordinal);
        Assert.Contains("Key 'k1' is no longer used", result.Output, StringComparison.Ordinal);
        Assert.Contains("0 secrets were encrypted with key 'k2'; it now encrypts", again.Output, StringComparison.Ordinal);
        Assert.Equal(0, again.ExitCode);
    }

    [Fact]
    public async Task A_missing_key_is_named_with_the_remedy()
    {
        var connectionString = await FilledAsync(3);

        var result = await Executable.RunAsync(Root, "rekey", "--config", Configuration(connectionString, 2, 3));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(
            "3 rows are encrypted with key 'k1', which is not in Broker:EncryptionKeys: add that key after the first one",
            result.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_killed_run_is_completed_by_the_next()
    {
        var connectionString = await FilledAsync(3000);
        var configuration = Configuration(connectionString, 2, 1);
        await using (var killed = Executable.Start(Root, "rekey", "--config", configuration))
        {
            for (var i = 0; i < 1000 && !killed.Output.Contains("of 3000", StringComparison.Ordinal); i++)
            {
                await Task.Delay(20);
            }

            killed.Signal("KILL");
        }

        var result = await Executable.RunAsync(Root, "rekey", "--config", configuration);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("it now encrypts 3000", result.Output, StringComparison.Ordinal);
    }

    private async Task<string> FilledAsync(int bindings)
    {
        var connectionString = await database.NewDatabaseAsync();
        await using var stores = await StateStores.OpenAsync(connectionString);
        Assert.True(await stores.Instances.TryInsertAsync(StateData.Instance(), CancellationToken.None));
        var secrets = new KeyRing([new EncryptionKey("k1", Bytes(1))]);
        for (var i = 0; i < bindings; i++)
        {
            await stores.Bindings.TryInsertAsync(
                StateData.Binding(id: $"binding-{i}") with
                {
                    Secret = secrets.Protect($"password-{i}", KeyRing.BindingSecretPurpose),
                },
                CancellationToken.None
            );
        }

        return connectionString;
    }

    private string Configuration(string connectionString, params int[] keys) =>
        new DemoFolder(Root).WriteConfiguration(
            "rekey",
            new JsonObject
            {
                ["Broker"] = new JsonObject
                {
                    ["Database"] = connectionString,
                    ["EncryptionKeys"] = new JsonArray([
                        .. keys.Select(key => new JsonObject { ["Id"] = $"k{key}", ["Key"] = Convert.ToBase64String(Bytes((byte)key)) }),
                    ]),
                },
            }
        );

    private static byte[] Bytes(byte fill) => [.. Enumerable.Repeat(fill, EncryptionKey.Length)];
}

/// <summary>Errors of <c>rekey</c> before it begins.</summary>
public sealed class InvalidRekeyArgumentsTests : TemporaryFolderTestBase
{
    [Fact]
    public async Task Without_keys_or_without_migrations_the_error_names_the_remedy()
    {
        var withoutKeys = await Executable.RunAsync(Root, "rekey", "--database", "Data Source=state.db");
        var file = new DemoFolder(Root).WriteConfiguration(
            "rekey",
            new JsonObject
            {
                ["Broker"] = new JsonObject
                {
                    ["EncryptionKeys"] = new JsonArray(new JsonObject { ["Id"] = "k1", ["Key"] = Convert.ToBase64String(new byte[32]) }),
                },
            }
        );
        var withoutDatabase = await Executable.RunAsync(Root, "rekey", "--config", file, "--database", "Data Source=state.db");
        Assert.False(File.Exists(Path.Combine(Root, "state.db")), "A mistyped path must not become an empty database.");
        await File.WriteAllBytesAsync(Path.Combine(Root, "state.db"), []);
        var withoutMigrations = await Executable.RunAsync(Root, "rekey", "--config", file, "--database", "Data Source=state.db");

        Assert.Equal((2, 1, 1), (withoutKeys.ExitCode, withoutDatabase.ExitCode, withoutMigrations.ExitCode));
        Assert.Contains("Broker:Database", withoutDatabase.Error, StringComparison.Ordinal);
        Assert.Contains("Broker:EncryptionKeys is empty", withoutKeys.Error, StringComparison.Ordinal);
        Assert.Contains("aiven-metrics migrate", withoutMigrations.Error, StringComparison.Ordinal);
    }
}
