using System.CommandLine;
using System.Data.Common;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting;

namespace AivenMetrics.Commands;

/// <summary><c>aiven-metrics migrate</c>: brings the broker's database to the current schema. The broker does so at start as well.</summary>
internal static class MigrateCommand
{
    private const string DatabaseKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.Database)}";

    public static Command Create()
    {
        var database = Roles.Broker.Options.Where(option => option.Name.StartsWith("--database", StringComparison.Ordinal)).ToList();
        var command = new Command(
            "migrate",
            "Applies the migrations that the broker's database lacks. Safe beside running brokers and twice at once."
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
        List<string> faults =
        [
            .. configuration.ReadErrors,
            .. configuration
                .Errors.Except(configuration.ReadErrors)
                .Where(fault => fault.StartsWith(DatabaseKey, StringComparison.Ordinal)),
        ];
        if (RoleCommand.WriteErrors(faults))
        {
            return RoleCommand.UsageExitCode;
        }

        try
        {
            await using var database = Database.Open(configuration.Options.Database);
            await database.MigrateAsync(new LineProgress(), cancellationToken);
            Console.WriteLine("The database has the current schema.");
            return 0;
        }
        catch (Exception exception)
            when (exception is DbException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"The database cannot be migrated: {exception.Message} (check {DatabaseKey}).");
            return 1;
        }
    }

    /// <summary>Writes at once: Progress&lt;T&gt; reports through the thread pool, in any order.</summary>
    private sealed class LineProgress : IProgress<string>
    {
        public void Report(string value) => Console.WriteLine(value);
    }
}
