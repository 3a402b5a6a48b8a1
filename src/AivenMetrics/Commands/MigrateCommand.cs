using System.CommandLine;
using System.Data.Common;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics migrate</c>: migrates the broker's database to the current schema. The broker also does this at start.
/// </summary>
internal static class MigrateCommand
{
    private const string DatabaseKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.Database)}";

    public static Command Create()
    {
        var database = Roles.Broker.Options.Where(option => option.Name.StartsWith("--database", StringComparison.Ordinal)).ToList();
        var command = new Command(
            "migrate",
            "Applies pending migrations to the broker's database. Safe while brokers run, and safe to run concurrently."
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
                .Where(error => error.StartsWith(DatabaseKey, StringComparison.Ordinal)),
        ];
        if (RoleCommand.WriteErrors(errors))
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
            await Console.Error.WriteLineAsync($"The database cannot be migrated: {DatabaseReason.Of(exception)} (check {DatabaseKey}).");
            return 1;
        }
    }

    /// <summary>Writes synchronously, because Progress&lt;T&gt; reports on the thread pool, in any order.</summary>
    private sealed class LineProgress : IProgress<string>
    {
        public void Report(string value) => Console.WriteLine(value);
    }
}
