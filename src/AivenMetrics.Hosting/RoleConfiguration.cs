using System.CommandLine;
using AivenMetrics.Hosting.Configuration;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Hosting;

/// <summary>The bound configuration of a role, or its errors.</summary>
/// <param name="ReadErrors">The errors of reading alone: files, unknown keys, values that cannot be converted.</param>
internal sealed record RoleConfiguration<TOptions>(
    TOptions Options,
    HostingOptions Hosting,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> ReadErrors
)
    where TOptions : class, new()
{
    /// <summary>
    /// Reads the file, environment variables and command-line options, in increasing precedence. Reads secrets from their files, binds the
    /// options and collects all errors. A file that is named must exist; <c>appsettings.json</c> need not.
    /// </summary>
    public static RoleConfiguration<TOptions> Read(Role<TOptions> role, ParseResult parsed, string? file, bool hosted)
    {
        List<string> errors = [];
        var entries = ReadEntries(role, parsed, file, errors);
        var unread = SecretFiles.Resolve(entries, [.. role.Secrets.Select(key => $"{role.Section}:{key}")], errors);
        var hosting = new HostingOptions
        {
            Listen = Take(entries, $"{role.Section}:Listen") is { } listen && role.DefaultListen is not null ? listen : role.DefaultListen,
            Http2Listen = role.SupportsHttp2 ? Take(entries, $"{role.Section}:Http2Listen") : null,
            InternalListen = Take(entries, $"{role.Section}:InternalListen") ?? role.DefaultInternalListen,
        };
        if (hosted)
        {
            errors.AddRange(OptionsValidator.Validate(hosting, role.Section));
        }

        string[] listeners =
        [
            .. role.DefaultListen is null ? [] : (string[])["Listen"],
            .. role.SupportsHttp2 ? (string[])["Http2Listen"] : [],
            "InternalListen",
        ];
        var options = OptionsBinder.Bind<TOptions>(entries, role.Section, errors, listeners);
        return new RoleConfiguration<TOptions>(
            options,
            hosting,
            [
                .. errors,
                .. OptionsValidator
                    .Validate(options, role.Section, role.Rules?.Invoke(options))
                    .Where(error => !unread.Any(key => ConcernsKey(error, key))),
            ],
            errors
        );
    }

    /// <summary>Returns whether an error concerns a key, or the list or section that contains it.</summary>
    private static bool ConcernsKey(string error, string key) =>
        $"{key}:".StartsWith($"{error.Split(' ')[0].TrimEnd(':')}:", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> ReadEntries(Role<TOptions> role, ParseResult parsed, string? file, List<string> errors)
    {
        using var configuration = new ConfigurationManager();
        AddFile(configuration, file, errors);
        configuration.AddEnvironmentVariables(ConfigurationNames.EnvironmentPrefix);
        var entries = configuration
            .AsEnumerable()
            .Where(entry => entry.Value is not null)
            // Variables of aiven-metrics-lab platform can be set in the same shell and are not configuration.
            .Where(entry =>
                !$"{ConfigurationNames.EnvironmentPrefix}{entry.Key}".StartsWith(
                    ConfigurationNames.PlatformEnvironmentPrefix,
                    StringComparison.OrdinalIgnoreCase
                )
            )
            .ToDictionary(entry => entry.Key, entry => entry.Value!, StringComparer.OrdinalIgnoreCase);
        foreach (var option in role.Options)
        {
            option.Apply(parsed, role.Section, entries, errors);
        }

        foreach (
            var unknown in entries
                .Keys.Select(key => key.Split(':')[0])
                .Distinct()
                .Except(ConfigurationNames.Sections, StringComparer.OrdinalIgnoreCase)
        )
        {
            errors.Add($"{unknown} is not a section: use one of {string.Join(", ", ConfigurationNames.Sections)}.");
        }

        return entries;
    }

    private static void AddFile(ConfigurationManager configuration, string? file, List<string> errors)
    {
        var path = Path.GetFullPath(file ?? "appsettings.json");
        if (!File.Exists(path))
        {
            if (file is not null)
            {
                errors.Add($"--config names {file}, which does not exist: correct the path.");
            }

            return;
        }

        try
        {
            configuration.AddJsonFile(path, optional: false, reloadOnChange: false);
        }
        catch (Exception exception)
            when (exception is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            errors.Add($"{path} cannot be read as JSON: {(exception.InnerException ?? exception).Message}");
        }
    }

    /// <summary>Removes and returns a hosting key, because hosting keys are not among the options of the role.</summary>
    private static string? Take(Dictionary<string, string> entries, string key) => entries.Remove(key, out var value) ? value : null;
}
