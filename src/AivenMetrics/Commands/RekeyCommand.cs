using System.CommandLine;
using System.Data.Common;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary><c>aiven-metrics rekey</c>: rewrites the secrets in the broker's database that are not encrypted with the first key.</summary>
internal static class RekeyCommand
{
    private const string DatabaseKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.Database)}";
    private const string KeysKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.EncryptionKeys)}";

    public static Command Create()
    {
        var database = Roles.Broker.Options.Where(option => option.Name.StartsWith("--database", StringComparison.Ordinal)).ToList();
        var command = new Command(
            "rekey",
            $"Encrypts the secrets in the broker's database with the first of {KeysKey} again, and says which keys nothing needs any more. Safe beside running brokers, twice at once, and to begin again.");
        database.ForEach(option => command.Options.Add(option.Option));
        Role<BrokerOptions> role = Roles.Broker with { Options = database };
        command.SetAction((parsed, ct) => Run(RoleConfiguration<BrokerOptions>.Read(role, parsed, parsed.GetValue(RoleCommand.ConfigOption), hosted: false), ct));
        return command;
    }

    private static async Task<int> Run(RoleConfiguration<BrokerOptions> configuration, CancellationToken ct)
    {
        List<string> faults =
        [
            .. configuration.Unreadable,
            .. configuration.Faults.Except(configuration.Unreadable).Where(fault =>
                fault.StartsWith(DatabaseKey, StringComparison.Ordinal) || fault.StartsWith(KeysKey, StringComparison.Ordinal)),
        ];
        if (RoleCommand.Report(faults))
        {
            return RoleCommand.UsageExitCode;
        }

        try
        {
            await using Database database = Database.OpenExisting(configuration.Options.Database);
            if (!await database.IsMigrated(ct))
            {
                await Console.Error.WriteLineAsync("The database lacks migrations: run aiven-metrics migrate first.");
                return 1;
            }

            IReadOnlyList<EncryptionKey> keys = configuration.Options.KeyRing();
            return await Tell(await Rekey(new Rekeying(database, keys), ct), [.. keys.Select(key => key.Id)]);
        }
        catch (Exception exception) when (exception is DbException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"The secrets cannot be rewritten: {exception.Message} (check {DatabaseKey}). What was rewritten stays so; run the command again.");
            return 1;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Stopped. What was rewritten stays so; run the command again for the rest.");
            return 130;
        }
    }

    private static Task<RekeyResult> Rekey(Rekeying rekeying, CancellationToken ct) =>
        Console.IsOutputRedirected
            ? rekeying.Run(new Lines(), ct)
            : AnsiConsole.Progress().StartAsync(async context =>
            {
                ProgressTask task = context.AddTask("Rewriting secrets");
                return await rekeying.Run(new Bar(task), ct);
            });

    private static async Task<int> Tell(RekeyResult result, IReadOnlyList<string> ring)
    {
        Console.WriteLine($"{result.Rewritten} secrets were encrypted with key '{ring[0]}' again; it encrypts {result.Uses[ring[0]]} now.");
        foreach (string id in ring.Skip(1))
        {
            Console.WriteLine(result.Uses[id] == 0
                ? $"Key '{id}' is used by no row any more: once every broker runs with '{ring[0]}' as its first key, remove '{id}' from {KeysKey}."
                : $"Key '{id}' is still used by {result.Uses[id]} rows: keep it.");
        }

        foreach (string sentence in result.Unreadable)
        {
            await Console.Error.WriteLineAsync(sentence);
        }

        var unknown = result.Uses.Where(use => !ring.Contains(use.Key) && use.Value > 0).OrderBy(use => use.Key, StringComparer.Ordinal).ToList();
        foreach ((string id, long uses) in unknown)
        {
            await Console.Error.WriteLineAsync($"{uses} rows are encrypted with key '{id}', which is not in {KeysKey}: add it again, after the first, and run the command once more.");
        }

        if (ring.Skip(1).Any(id => result.Uses[id] > 0) && result.Unreadable.Count == 0)
        {
            await Console.Error.WriteLineAsync($"Something goes on writing with an old key: give every running broker '{ring[0]}' as its first key, and run the command once more.");
        }

        return result.Unreadable.Count == 0 && unknown.Count == 0 && ring.Skip(1).All(id => result.Uses[id] == 0) ? 0 : 1;
    }

    /// <summary>Writes at once and at most ten times: Progress&lt;T&gt; reports through the thread pool, in any order.</summary>
    private sealed class Lines : IProgress<RekeyProgress>
    {
        private long tenths = -1;

        public void Report(RekeyProgress value)
        {
            long now = value.Total == 0 ? 10 : value.Done * 10 / value.Total;
            if (now > tenths)
            {
                tenths = now;
                Console.WriteLine($"{value.Done} of {value.Total} secrets");
            }
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<RekeyProgress>
    {
        public void Report(RekeyProgress value) => task.Value(value.Total == 0 ? 100 : 100.0 * value.Done / value.Total);
    }
}
