using System.CommandLine;
using AivenMetrics.Hosting.Logging;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting;

/// <summary>Creates the command of a role: reads its configuration, reports errors, runs it.</summary>
internal static class RoleCommand
{
    /// <summary>Exit code for errors of the configuration or the command line.</summary>
    public const int UsageExitCode = 2;

    public static readonly Option<string?> ConfigOption = new("--config")
    {
        Description = "JSON configuration file. Default: appsettings.json in the working directory, if it exists.",
        Recursive = true,
        HelpName = "path",
    };

    private static readonly Option<LogFormat> LogFormatOption = new("--log-format")
    {
        Description = "Format of log lines: json, console, or auto (console on a terminal, json otherwise).",
        DefaultValueFactory = _ => LogFormat.Auto,
    };

    private static readonly Option<LogLevel> LogLevelOption = new("--log-level")
    {
        Description = "Minimum level of log lines.",
        DefaultValueFactory = _ => LogLevel.Information,
    };

    private static readonly Option<string?> AddressesFileOption = new("--addresses-file")
    {
        Description =
            "File to write once the role listens: a JSON object with role, pid, listen, http2_listen (if set) and internal. Default: none.",
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

    /// <summary>Writes all errors to standard error.</summary>
    /// <returns>True if there are errors.</returns>
    public static bool WriteErrors(IReadOnlyList<string> errors)
    {
        if (errors.Count == 0)
        {
            return false;
        }

        Console.Error.WriteLine($"The configuration has {errors.Count} error{(errors.Count == 1 ? "" : "s")}:");
        foreach (var error in errors)
        {
            Console.Error.WriteLine($"  - {error}");
        }

        return true;
    }
}
