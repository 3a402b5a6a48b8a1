using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Configuration;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Microsoft.Extensions.Configuration;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The options that all of <c>aiven-metrics-lab platform</c>'s commands share.</summary>
internal static class PlatformOptions
{
    private static readonly Option<string?> Url = TextOption(
        "--url",
        "Where the broker is, without /v2. Required, or by AIVENMETRICS_PLATFORM_URL."
    );
    private static readonly Option<string?> Username = TextOption(
        "--username",
        "What the platform authenticates with. Default: AIVENMETRICS_PLATFORM_USERNAME, else broker."
    );
    private static readonly Option<string?> PasswordFile = TextOption(
        "--password-file",
        "File that holds the password. Required, or the password by AIVENMETRICS_PLATFORM_PASSWORD.",
        "path"
    );
    private static readonly Option<string> ApiVersion = new("--api-version")
    {
        Description = "Version of the API that the platform speaks; Cloud Controller says 2.15. Default: 2.17.",
        DefaultValueFactory = _ => "2.17",
        Recursive = true,
        HelpName = "version",
    };
    private static readonly Option<PlatformProfile> Platform = new("--platform")
    {
        Description = "Whose context and identity are sent: cloudfoundry or kubernetes. Default: cloudfoundry.",
        DefaultValueFactory = _ => PlatformProfile.CloudFoundry,
        Recursive = true,
    };
    private static readonly Option<string?> User = TextOption(
        "--user",
        "Who asks: the user id in the originating identity. Default: none is sent.",
        "id"
    );
    private static readonly Option<string?> StateFile = TextOption(
        "--state",
        "File that keeps the ids behind the names. Default: aiven-metrics/platform.json in $XDG_STATE_HOME or ~/.local/state.",
        "path"
    );
    private static readonly Option<double> Timeout = SecondsOption(
        "--timeout",
        "Seconds for each request. Default: 60, as Cloud Controller's.",
        60
    );
    private static readonly Option<double> PollInterval = SecondsOption(
        "--poll-interval",
        "Seconds between two polls, unless Retry-After says more. Default: 5; Cloud Controller's is 60.",
        5
    );
    private static readonly Option<double> MaximumPolling = SecondsOption(
        "--maximum-polling",
        "Seconds after which a running operation counts as failed, unless the plan says less. Default: 604800 (a week).",
        604_800
    );
    private static readonly Option<bool> Synchronous = FlagOption(
        "--synchronous",
        "Do not accept asynchronous operations. Default: accepts_incomplete=true."
    );
    private static readonly Option<bool> NoWait = FlagOption(
        "--no-wait",
        "Do not poll an operation in progress. Default: poll to its end."
    );
    private static readonly Option<bool> NoMitigation = FlagOption(
        "--no-mitigation",
        "Leave what a failed create may have made. Default: delete it, as Cloud Controller does."
    );

    /// <summary>One JSON document on standard output instead of texts.</summary>
    public static Option<bool> AsJson { get; } = FlagOption("--json", "One JSON document, for programs. Default: texts.");

    public static Option<string?> Organization { get; } =
        TextOption(
            "--organization",
            "GUID of the organization; with Kubernetes the id of the cluster. Default: one of this command's own.",
            "guid"
        );

    public static Option<string?> OrganizationName { get; } = TextOption("--organization-name", "Default: my-organization.", "name");

    public static Option<string?> Space { get; } =
        TextOption("--space", "GUID of the space; with Kubernetes of the namespace. Default: one of this command's own.", "guid");

    public static Option<string?> SpaceName { get; } =
        TextOption("--space-name", "With Kubernetes the namespace. Default: my-space.", "name");

    /// <summary>The shared options.</summary>
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

    /// <exception cref="UsageException">An option is missing or unusable.</exception>
    public static BrokerConnection GetConnection(ParseResult parsed)
    {
        IConfiguration environment = new ConfigurationBuilder()
            .AddEnvironmentVariables(ConfigurationNames.PlatformEnvironmentPrefix)
            .Build();
        var url = parsed.GetValue(Url)
            ?? environment["URL"]
            ?? throw new UsageException("Where is the broker? Give --url, or set AIVENMETRICS_PLATFORM_URL.");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https") || address.Query.Length > 0)
        {
            throw new UsageException($"--url must be an http or https URL, such as http://127.0.0.1:8080, not {url}.");
        }
        if (address.UserInfo.Length > 0)
        {
            throw new UsageException(
                "--url holds a user or password, and a command line is readable by every user of the machine: use --username and --password-file."
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

    /// <summary>Where what is made belongs. The guids that are not given are always the same, so that two instances share a space.</summary>
    public static PlatformTenant GetTenant(ParseResult parsed) =>
        new(
            parsed.GetValue(Platform),
            parsed.GetValue(Organization) ?? "a1b2c3d4-0000-4000-8000-00000000000a",
            parsed.GetValue(OrganizationName) ?? "my-organization",
            parsed.GetValue(Space) ?? "a1b2c3d4-0000-4000-8000-00000000000b",
            parsed.GetValue(SpaceName) ?? "my-space"
        );

    /// <summary>Reads JSON or, with @ before it, a file of JSON.</summary>
    /// <exception cref="UsageException">It is no JSON object, or there is no such file.</exception>
    public static JsonObject? GetParameters(ParseResult parsed, Option<string?> option)
    {
        if (parsed.GetValue(option) is not { } given)
        {
            return null;
        }
        try
        {
            return JsonNode.Parse(given.StartsWith('@') ? File.ReadAllText(given[1..]) : given) as JsonObject
                ?? throw new UsageException($"{option.Name} must be a JSON object, or @ and the name of a file that holds one.");
        }
        catch (JsonException)
        {
            throw new UsageException($"{option.Name} is not JSON: give an object, or @ and the name of a file that holds one.");
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
            // A word that is no number is a fault of its own, which the parser tells.
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
                ?? throw new UsageException("What is the password? Give --password-file, or set AIVENMETRICS_PLATFORM_PASSWORD.");

    private static string DefaultStateFile()
    {
        IConfiguration environment = new ConfigurationBuilder().AddEnvironmentVariables("XDG_").Build();
        var folder = environment["STATE_HOME"] is { Length: > 0 } given
            ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(folder, "aiven-metrics", "platform.json");
    }
}
