using System.CommandLine;
using System.Data.Common;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary><c>aiven-metrics rekey</c>: encrypts the secrets in the broker's database with the first key.</summary>
internal static class RekeyCommand
{
    private const string DatabaseKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.Database)}";
    private const string KeysKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.EncryptionKeys)}";

    public static Command Create()
    {
        var database = Roles.Broker.Options.Where(option => option.Name.StartsWith("--database", StringComparison.Ordinal)).ToList();
        var command = new Command(
            "rekey",
            $"Encrypts the secrets in the broker's database with the first key of {KeysKey} and reports which keys are no "
                + "longer used. Safe while brokers run, safe to run concurrently, and safe to repeat."
        );
        database.ForEach(option => command.Options.Add(option.Option));
        var role = Roles.Broker with { Options = database };
        command.SetAction(
            (parsed, ct) =>
                RunAsync(RoleConfiguration<BrokerOptions>.Read(role, parsed, parsed.GetValue(RoleCommand.ConfigOption), hosted: false), ct)
        );
        return command;
    }

    private static async Task<int> RunAsync(RoleConfiguration<BrokerOptions> configuration, CancellationToken cancellationToken)
    {
        List<string> errors =
        [
            .. configuration.ReadErrors,
            .. configuration
                .Errors.Except(configuration.ReadErrors)
                .Where(error =>
                    error.StartsWith(DatabaseKey, StringComparison.Ordinal) || error.StartsWith(KeysKey, StringComparison.Ordinal)
                ),
        ];
        if (RoleCommand.WriteErrors(errors))
        {
            return RoleCommand.UsageExitCode;
        }

        try
        {
            await using var database = Database.OpenExisting(configuration.Options.Database);
            if (!await database.IsMigratedAsync(cancellationToken))
            {
                await Console.Error.WriteLineAsync("The database has pending migrations: run aiven-metrics migrate first.");
                return 1;
            }

            var keys = configuration.Options.CreateKeyRing();
            return await WriteResultAsync(
                await RekeyAsync(new SecretReencryption(database, keys), cancellationToken),
                [.. keys.Select(key => key.Id)]
            );
        }
        catch (Exception exception)
            when (exception is DbException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(
                $"The secrets could not all be encrypted: {DatabaseReason.Of(exception)} (check {DatabaseKey}). "
                    + "Completed rows are kept; run the command again."
            );
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. Completed rows are kept; run the command again for the rest.");
            return 130;
        }
    }

    private static Task<ReencryptionResult> RekeyAsync(SecretReencryption rekeying, CancellationToken cancellationToken) =>
        Console.IsOutputRedirected
            ? rekeying.RunAsync(new LineProgress(), cancellationToken)
            : AnsiConsole
                .Progress()
                .StartAsync(async context =>
                {
                    var task = context.AddTask("Encrypting secrets");
                    return await rekeying.RunAsync(new BarProgress(task), cancellationToken);
                });

    private static async Task<int> WriteResultAsync(ReencryptionResult result, IReadOnlyList<string> ring)
    {
        Console.WriteLine(
            $"{result.Reencrypted} secrets were encrypted with key '{ring[0]}'; it now encrypts {result.SecretsPerKey[ring[0]]}."
        );
        foreach (var id in ring.Skip(1))
        {
            Console.WriteLine(
                result.SecretsPerKey[id] == 0
                    ? $"Key '{id}' is no longer used: when every broker runs with '{ring[0]}' as its first key, remove '{id}' "
                        + $"from {KeysKey}."
                    : $"Key '{id}' is still used by {result.SecretsPerKey[id]} rows: keep it."
            );
        }

        foreach (var sentence in result.Unreadable)
        {
            await Console.Error.WriteLineAsync(sentence);
        }

        var unknown = result
            .SecretsPerKey.Where(use => !ring.Contains(use.Key) && use.Value > 0)
            .OrderBy(use => use.Key, StringComparer.Ordinal)
            .ToList();
        foreach ((var id, var uses) in unknown)
        {
            await Console.Error.WriteLineAsync(
                $"{uses} rows are encrypted with key '{id}', which is not in {KeysKey}: add that key after the first one and "
                    + "run the command again."
            );
        }

        if (ring.Skip(1).Any(id => result.SecretsPerKey[id] > 0) && result.Unreadable.Count == 0)
        {
            await Console.Error.WriteLineAsync(
                $"A running broker still writes with an old key: set '{ring[0]}' as the first key of every broker and run the "
                    + "command again."
            );
        }

        return result.Unreadable.Count == 0 && unknown.Count == 0 && ring.Skip(1).All(id => result.SecretsPerKey[id] == 0) ? 0 : 1;
    }

    /// <summary>Writes synchronously and at most ten times, because Progress&lt;T&gt; reports on the thread pool, in any order.</summary>
    private sealed class LineProgress : IProgress<ReencryptionProgress>
    {
        private long _tenths = -1;

        public void Report(ReencryptionProgress value)
        {
            var now = value.Total == 0 ? 10 : value.Processed * 10 / value.Total;
            if (now > _tenths)
            {
                _tenths = now;
                Console.WriteLine($"{value.Processed} of {value.Total} secrets");
            }
        }
    }

    private sealed class BarProgress(ProgressTask task) : IProgress<ReencryptionProgress>
    {
        public void Report(ReencryptionProgress value) => task.Value(value.Total == 0 ? 100 : 100.0 * value.Processed / value.Total);
    }
}
