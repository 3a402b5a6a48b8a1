using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Configuration;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The options of <c>aiven-metrics-lab platform</c> that several commands have.</summary>
internal static class PlatformOptions
{
    private static readonly Option<string?> Url = TextOption(
        "--url",
        "URL of the broker, without /v2. Required, unless AIVENMETRICS_PLATFORM_URL is set."
    );
    private static readonly Option<string?> Username = TextOption(
        "--username",
        "User name of the platform. Default: AIVENMETRICS_PLATFORM_USERNAME, otherwise broker."
    );
    private static readonly Option<string?> PasswordFile = TextOption(
        "--password-file",
        "File that contains the password of the platform. Required, unless AIVENMETRICS_PLATFORM_PASSWORD is set.",
        "path"
    );
    private static readonly Option<string> ApiVersion = new("--api-version")
    {
        Description = "Version of the API in requests; Cloud Controller sends 2.15. Default: 2.17.",
        DefaultValueFactory = _ => "2.17",
        Recursive = true,
        HelpName = "version",
    };
    private static readonly Option<PlatformProfile> Platform = new("--platform")
    {
        Description = "Platform whose context and identity are sent: cloudfoundry or kubernetes. Default: cloudfoundry.",
        DefaultValueFactory = _ => PlatformProfile.CloudFoundry,
        Recursive = true,
    };
    private static readonly Option<string?> User = TextOption(
        "--user",
        "User id in the originating identity. Default: no originating identity is sent.",
        "id"
    );
    private static readonly Option<string?> StateFile = TextOption(
        "--state",
        "File that stores the ids of names. Default: aiven-metrics/platform.json in $XDG_STATE_HOME or ~/.local/state.",
        "path"
    );
    private static readonly Option<double> Timeout = SecondsOption(
        "--timeout",
        "Timeout of each request in seconds. Default: 60, as in Cloud Controller.",
        60
    );
    private static readonly Option<double> PollInterval = SecondsOption(
        "--poll-interval",
        "Seconds between two polls, unless Retry-After is longer. Default: 5; Cloud Controller uses 60.",
        5
    );
    private static readonly Option<double> MaximumPolling = SecondsOption(
        "--maximum-polling",
        "Seconds after which a running operation counts as failed, unless the plan sets less. Default: 604800 (a week).",
        604_800
    );
    private static readonly Option<bool> Synchronous = FlagOption(
        "--synchronous",
        "Do not accept asynchronous operations. Default: accepts_incomplete=true."
    );
    private static readonly Option<bool> NoWait = FlagOption(
        "--no-wait",
        "Do not poll an operation in progress. Default: poll until it ends."
    );
    private static readonly Option<bool> NoMitigation = FlagOption(
        "--no-mitigation",
        "Do not delete possible orphans of a failed create. Default: delete them, as Cloud Controller does."
    );

    /// <summary>Writes one JSON document to standard output instead of text.</summary>
    public static Option<bool> AsJson { get; } = FlagOption("--json", "Write one JSON document, for programs. Default: text.");

    public static Option<string?> Organization { get; } =
        TextOption("--organization", "GUID of the organization; for Kubernetes the id of the cluster. Default: a fixed GUID.", "guid");

    public static Option<string?> OrganizationName { get; } =
        TextOption("--organization-name", "Name of the organization. Default: my-organization.", "name");

    public static Option<string?> Space { get; } =
        TextOption("--space", "GUID of the space or of the Kubernetes namespace. Default: a fixed GUID.", "guid");

    public static Option<string?> SpaceName { get; } =
        TextOption("--space-name", "Name of the space or of the Kubernetes namespace. Default: my-space.", "name");

    /// <summary>The argument of all commands for one instance.</summary>
    public static Argument<string> InstanceName { get; } = new("instance") { Description = "Name of the instance." };

    public static Option<string?> Parameters { get; } =
        new("--parameters", "-c")
        {
            Description = "Parameters as a JSON object, or @ and the name of a file that contains one. Default: none.",
            HelpName = "json or @file",
        };

    /// <summary>The options of every command.</summary>
    public static IEnumerable<Option> All =>
        [
            Url,
            Username,
            PasswordFile,
            ApiVersion,
            Platform,
            User,
            StateFile,
            Timeout,
            PollInterval,
            MaximumPolling,
            Synchronous,
            NoWait,
            NoMitigation,
            AsJson,
        ];

    /// <exception cref="UsageException">An option is missing or invalid.</exception>
    public static BrokerConnection GetConnection(ParseResult parsed)
    {
        IConfiguration environment = new ConfigurationBuilder()
            .AddEnvironmentVariables(ConfigurationNames.PlatformEnvironmentPrefix)
            .Build();
        var url = parsed.GetValue(Url)
            ?? environment["URL"]
            ?? throw new UsageException("The URL of the broker is missing: give --url, or set AIVENMETRICS_PLATFORM_URL.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0)
        {
            throw new UsageException($"--url must be an http or https URL, such as http://127.0.0.1:8080, not {url}.");
        }
        if (address.UserInfo.Length > 0)
        {
            throw new UsageException(
                "--url contains a user or password, and every user of the machine can read command lines: use --username and "
                    + "--password-file."
            );
        }
        var profile = parsed.GetValue(Platform);
        return new BrokerConnection(
            address,
            parsed.GetValue(Username) ?? environment["USERNAME"] ?? "broker",
            GetPassword(parsed.GetValue(PasswordFile), environment),
            parsed.GetValue(ApiVersion)!,
            parsed.GetValue(User) is { } user ? PlatformTenant.OriginatingIdentity(profile, user) : null,
            TimeSpan.FromSeconds(parsed.GetValue(Timeout))
        );
    }

    public static PlatformBehaviour GetBehaviour(ParseResult parsed) =>
        new(parsed.GetValue(Synchronous), !parsed.GetValue(NoWait), !parsed.GetValue(NoMitigation));

    public static (TimeSpan Interval, TimeSpan Longest) GetPolling(ParseResult parsed) =>
        (TimeSpan.FromSeconds(parsed.GetValue(PollInterval)), TimeSpan.FromSeconds(parsed.GetValue(MaximumPolling)));

    public static PlatformStateFile OpenStateFile(ParseResult parsed, BrokerConnection connection) =>
        new(parsed.GetValue(StateFile) ?? DefaultStateFile(), connection.Url.ToString().TrimEnd('/'));

    /// <summary>
    /// Returns the organization and space of new instances. The default GUIDs are fixed, so that all instances share a space.
    /// </summary>
    public static PlatformTenant GetTenant(ParseResult parsed) =>
        new(
            parsed.GetValue(Platform),
            parsed.GetValue(Organization) ?? "a1b2c3d4-0000-4000-8000-00000000000a",
            parsed.GetValue(OrganizationName) ?? "my-organization",
            parsed.GetValue(Space) ?? "a1b2c3d4-0000-4000-8000-00000000000b",
            parsed.GetValue(SpaceName) ?? "my-space"
        );

    /// <summary>Parses parameters given as JSON, or as @ and the name of a file with JSON.</summary>
    /// <exception cref="UsageException">The text is not a JSON object.</exception>
    public static JsonObject? GetParameters(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } given)
        {
            return null;
        }
        try
        {
            return JsonNode.Parse(given.StartsWith('@') ? File.ReadAllText(given[1..]) : given) as JsonObject
                ?? throw new UsageException($"{option.Name} must be a JSON object, or @ and the name of a file that contains one.");
        }
        catch (JsonException)
        {
            throw new UsageException($"{option.Name} is not JSON: give an object, or @ and the name of a file that contains one.");
        }
    }

    public static Option<string?> TextOption(string name, string help, string value = "value") =>
        new(name)
        {
            Description = help,
            Recursive = true,
            HelpName = value,
        };

    public static Option<bool> FlagOption(string name, string help) => new(name) { Description = help, Recursive = true };

    private static Option<double> SecondsOption(string name, string help, double value)
    {
        var option = new Option<double>(name)
        {
            Description = help,
            DefaultValueFactory = _ => value,
            Recursive = true,
            HelpName = "seconds",
        };
        option.Validators.Add(result =>
        {
            // The parser itself reports text that is not a number.
            if (
                !result.Errors.Any()
                && double.TryParse(result.Tokens.SingleOrDefault()?.Value, CultureInfo.InvariantCulture, out var seconds)
                && !(seconds is > 0 and <= 604_800)
            )
            {
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} must be more than 0 and at most 604800 seconds."));
            }
        });
        return option;
    }

    private static string GetPassword(string? file, IConfiguration environment) =>
        file is not null
            ? File.ReadAllText(file).TrimEnd('\r', '\n')
            : environment["PASSWORD"]
                ?? throw new UsageException("The password is missing: give --password-file, or set AIVENMETRICS_PLATFORM_PASSWORD.");

    private static string DefaultStateFile()
    {
        IConfiguration environment = new ConfigurationBuilder().AddEnvironmentVariables("XDG_").Build();
        var folder = environment["STATE_HOME"] is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(folder, "aiven-metrics", "platform.json");
    }
}
