using System.CommandLine;
using AivenMetrics.Hosting.Configuration;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Hosting;

/// <summary>A role's bound configuration, or why it cannot be used.</summary>
/// <param name="ReadErrors">Those of the faults that lie in the reading: files, unknown keys, values that do not convert.</param>
internal sealed record RoleConfiguration<TOptions>(
    TOptions Options,
    HostingOptions Hosting,
    IReadOnlyList<string> Errors,
    IReadOnlyList<string> ReadErrors
)
    where TOptions : class, new()
{
    /// <summary>
    /// Reads the file (the named one must exist; <c>appsettings.json</c> need not), environment variables and options, in rising
    /// precedence; resolves secrets from their files; binds; and gathers every fault.
    /// </summary>
    public static RoleConfiguration<TOptions> Read(Role<TOptions> role, ParseResult parsed, string? file, bool hosted)
    {
        List<string> faults = [];
        var entries = ReadEntries(role, parsed, file, faults);
        var unread = SecretFiles.Resolve(entries, [.. role.Secrets.Select(key => $"{role.Section}:{key}")], faults);
        var hosting = new HostingOptions
        {
            Listen = Take(entries, $"{role.Section}:Listen") is { } listen && role.DefaultListen is not null ? listen : role.DefaultListen,
            Http2Listen = role.SupportsHttp2 ? Take(entries, $"{role.Section}:Http2Listen") : null,
            InternalListen = Take(entries, $"{role.Section}:InternalListen") ?? role.DefaultInternalListen,
        };
        if (hosted)
        {
            faults.AddRange(OptionsValidator.Validate(hosting, role.Section));
        }

        string[] listeners =
        [
            .. role.DefaultListen is null ? [] : (string[])["Listen"],
            .. role.SupportsHttp2 ? (string[])["Http2Listen"] : [],
            "InternalListen",
        ];
        var options = OptionsBinder.Bind<TOptions>(entries, role.Section, faults, listeners);
        return new RoleConfiguration<TOptions>(
            options,
            hosting,
            [
                .. faults,
                .. OptionsValidator
                    .Validate(options, role.Section, role.Rules?.Invoke(options))
                    .Where(fault => !unread.Any(key => ConcernsKey(fault, key))),
            ],
            faults
        );
    }

    /// <summary>Whether the key that a fault begins with is this one, or the list or section that it is in.</summary>
    private static bool ConcernsKey(string fault, string key) =>
        $"{key}:".StartsWith($"{fault.Split(' ')[0].TrimEnd(':')}:", StringComparison.OrdinalIgnoreCase);

    private static Dictionary<string, string> ReadEntries(Role<TOptions> role, ParseResult parsed, string? file, List<string> faults)
    {
        using var configuration = new ConfigurationManager();
        AddFile(configuration, file, faults);
        configuration.AddEnvironmentVariables(ConfigurationNames.EnvironmentPrefix);
        var entries = configuration
            .AsEnumerable()
            .Where(entry => entry.Value is not null)
            // The platform command's own variables stand in the same shell and are no configuration of ours.
            .Where(entry =>
                !$"{ConfigurationNames.EnvironmentPrefix}{entry.Key}".StartsWith(
                    ConfigurationNames.PlatformEnvironmentPrefix,
                    StringComparison.OrdinalIgnoreCase
                )
            )
            .ToDictionary(entry => entry.Key, entry => entry.Value!, StringComparer.OrdinalIgnoreCase);
        foreach (var option in role.Options)
        {
            option.Apply(parsed, role.Section, entries, faults);
        }

        foreach (
            var unknown in entries
                .Keys.Select(key => key.Split(':')[0])
                .Distinct()
                .Except(ConfigurationNames.Sections, StringComparer.OrdinalIgnoreCase)
        )
        {
            faults.Add($"{unknown} is not a section: it must be one of {string.Join(", ", ConfigurationNames.Sections)}.");
        }

        return entries;
    }

    private static void AddFile(ConfigurationManager configuration, string? file, List<string> faults)
    {
        var path = Path.GetFullPath(file ?? "appsettings.json");
        if (!File.Exists(path))
        {
            if (file is not null)
            {
                faults.Add($"--config names {file}, which does not exist: check the path.");
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
            faults.Add($"{path} cannot be read as JSON: {(exception.InnerException ?? exception).Message}");
        }
    }

    /// <summary>Hosting keys are not the role's own options: they are taken out before those are bound.</summary>
    private static string? Take(Dictionary<string, string> entries, string key) => entries.Remove(key, out var value) ? value : null;
}
