using System.CommandLine;
using System.Data.Common;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary><c>aiven-metrics audit</c>: shows the audit trail from the broker's database.</summary>
internal static class AuditCommand
{
    private const string DatabaseKey = $"{BrokerOptions.Section}:{nameof(BrokerOptions.Database)}";
    private const int LargestLimit = 100_000;

    private static readonly Option<string?> InstanceOption = new("--instance")
    {
        Description = "Only entries of this service instance (GUID) and its bindings. Default: all instances.",
        HelpName = "id",
    };

    private static readonly Option<string?> BindingOption = new("--binding")
    {
        Description = "Only entries of this binding. Default: all bindings.",
        HelpName = "id",
    };

    private static readonly Option<string?> SinceOption = new("--since")
    {
        Description =
            "Only entries from this time: a time such as 2026-11-23 or 2026-11-23T12:00:00Z (UTC unless it has an offset), "
            + "or an age such as 12h or 7d. Default: all.",
        HelpName = "time",
    };

    private static readonly Option<int> LimitOption = new("--limit")
    {
        Description = $"Maximum number of entries, newest first kept; 1 to {LargestLimit}.",
        HelpName = "number",
        DefaultValueFactory = _ => 100,
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "Write one JSON object per line, for programs." };

    public static Command Create()
    {
        var database = Roles.Broker.Options.Where(option => option.Name.StartsWith("--database", StringComparison.Ordinal)).ToList();
        var command = new Command(
            "audit",
            "Shows the newest entries of the broker's audit trail, in order of time. The exit code is 0 even if there are none."
        )
        {
            InstanceOption,
            BindingOption,
            SinceOption,
            LimitOption,
            JsonOption,
        };
        database.ForEach(option => command.Options.Add(option.Option));
        var role = Roles.Broker with { Options = database };
        command.SetAction(
            (parsed, ct) =>
                RunAsync(
                    RoleConfiguration<BrokerOptions>.Read(role, parsed, parsed.GetValue(RoleCommand.ConfigOption), hosted: false),
                    parsed,
                    ct
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        RoleConfiguration<BrokerOptions> configuration,
        ParseResult parsed,
        CancellationToken cancellationToken
    )
    {
        List<string> errors =
        [
            .. configuration.ReadErrors,
            .. configuration
                .Errors.Except(configuration.ReadErrors)
                .Where(error => error.StartsWith(DatabaseKey, StringComparison.Ordinal)),
        ];
        var query = Query(parsed, errors);
        if (RoleCommand.WriteErrors(errors))
        {
            return RoleCommand.UsageExitCode;
        }

        try
        {
            await using var database = Database.OpenExisting(configuration.Options.Database);
            if (!await database.IsMigratedAsync(cancellationToken))
            {
                await Console.Error.WriteLineAsync(
                    $"The database does not have the schema of this version: run aiven-metrics migrate, or check {DatabaseKey}."
                );
                return 1;
            }

            Write(await new AuditStore(database).FindAsync(query, cancellationToken), query, parsed.GetValue(JsonOption));
            return 0;
        }
        catch (Exception exception)
            when (exception is DbException or IOException or UnauthorizedAccessException or InvalidOperationException or TimeoutException)
        {
            await Console.Error.WriteLineAsync($"The audit trail cannot be read: {DatabaseReason.Of(exception)} (check {DatabaseKey}).");
            return 1;
        }
    }

    private static AuditQuery Query(ParseResult parsed, List<string> errors)
    {
        DateTimeOffset? since = null;
        if (parsed.GetValue(SinceOption) is { } text)
        {
            since = AuditStartTime.Parse(text, TimeProvider.System.GetUtcNow());
            if (since is null)
            {
                errors.Add("--since must be a time such as 2026-11-23 or 2026-11-23T12:00:00Z, or an age such as 12h or 7d.");
            }
        }

        var limit = parsed.GetValue(LimitOption);
        if (limit is < 1 or > LargestLimit)
        {
            errors.Add($"--limit must be from 1 to {LargestLimit}.");
        }

        return new AuditQuery(
            parsed.GetValue(InstanceOption) is { } instance ? new InstanceId(instance) : null,
            parsed.GetValue(BindingOption) is { } binding ? new BindingId(binding) : null,
            since,
            limit
        );
    }

    private static void Write(IReadOnlyList<AuditRecord> entries, AuditQuery query, bool json)
    {
        if (json)
        {
            AuditReport.WriteJson(entries, Console.Out);
        }
        else if (entries.Count == 0)
        {
            Console.Error.WriteLine("No entries match.");
        }
        else if (Console.IsOutputRedirected)
        {
            AuditReport.WriteText(entries, query, Console.Out);
        }
        else
        {
            AuditReport.WriteTable(entries, query, AnsiConsole.Console);
        }
    }
}
