using System.CommandLine;
using AivenMetrics.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting;

/// <summary>Turns a role into a command: options, configuration, faults, run.</summary>
internal static class RoleCommand
{
    /// <summary>Exit code for a configuration or a command line that cannot be used.</summary>
    public const int UsageExitCode = 2;

    public static readonly Option<string?> ConfigOption = new("--config")
    {
        Description = "JSON configuration file. Default: appsettings.json in the working directory, if there is one.",
        Recursive = true,
        HelpName = "path",
    };

    private static readonly Option<LogFormat> LogFormatOption = new("--log-format")
    {
        Description = "json, console, or auto: console on a terminal, json elsewhere.",
        DefaultValueFactory = _ => LogFormat.Auto,
    };

    private static readonly Option<LogLevel> LogLevelOption = new("--log-level")
    {
        Description = "Least level that is logged.",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    private static readonly Option<string?> AddressesFileOption = new("--addresses-file")
    {
        Description =
            "Once it listens, write a JSON object with role, pid, listen, http2_listen if there is one, and internal to this file.",
        HelpName = "path",
    };

    public static Command Create<TOptions>(Role<TOptions> role)
        where TOptions : class, new()
    {
        var command = new Command(role.Name, role.Description);
        foreach (var option in role.Options)
        {
            command.Options.Add(option.Option);
        }

        command.Options.Add(LogFormatOption);
        command.Options.Add(LogLevelOption);
        command.Options.Add(AddressesFileOption);
        command.SetAction(
            async (parsed, _) =>
            {
                var configuration = RoleConfiguration<TOptions>.Read(role, parsed, parsed.GetValue(ConfigOption), hosted: true);
                if (WriteErrors(configuration.Errors))
                {
                    return UsageExitCode;
                }

                var app = RoleHost.Build(role, configuration, parsed.GetValue(LogFormatOption), parsed.GetValue(LogLevelOption));
                return await RoleHost.RunAsync(app, role.Name, parsed.GetValue(AddressesFileOption));
            }
        );
        return command;
    }

    /// <summary>Writes all faults to standard error.</summary>
    /// <returns>True when there were any.</returns>
    public static bool WriteErrors(IReadOnlyList<string> faults)
    {
        if (faults.Count == 0)
        {
            return false;
        }

        Console.Error.WriteLine($"The configuration has {faults.Count} fault{(faults.Count == 1 ? "" : "s")}:");
        foreach (var fault in faults)
        {
            Console.Error.WriteLine($"  - {fault}");
        }

        return true;
    }
}
