using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;

namespace AivenMetrics.Feed;

/// <summary>The two feeds of the broker: their paths and client settings.</summary>
public static class Feeds
{
    /// <summary>Path of the feed for discovery.</summary>
    public const string TargetsPath = "/feed/v1/targets";

    /// <summary>Path of the feed for gateways.</summary>
    public const string CredentialsPath = "/feed/v1/credentials";

    /// <summary>
    /// Request header with the id of a gateway, random for each run. Together with <c>If-None-Match</c> it reports that the gateway has
    /// applied this version. A bind waits for the reports of all gateways.
    /// </summary>
    public const string GatewayHeader = "X-AivenMetrics-Gateway";

    /// <summary>Returns the settings for the feed for discovery.</summary>
    /// <param name="broker">The broker's URL, with or without the feed's path.</param>
    /// <param name="token">Discovery's feed token.</param>
    public static FeedClientOptions<TargetFeed> Targets(Uri broker, string token) =>
        new("targets", Resolve(broker, TargetsPath), token, FeedJson.Default.TargetFeed, FeedValidator.Validate);

    /// <summary>Returns the settings for the feed for gateways.</summary>
    /// <param name="broker">The broker's URL, with or without the feed's path.</param>
    /// <param name="token">The gateways' feed token.</param>
    public static FeedClientOptions<CredentialFeed> Credentials(Uri broker, string token) =>
        new("credentials", Resolve(broker, CredentialsPath), token, FeedJson.Default.CredentialFeed, FeedValidator.Validate);

    /// <summary>
    /// Creates an HTTP client for long polls. It follows no redirects, so that the token reaches only the broker, and resolves DNS again
    /// every 5 minutes.
    /// </summary>
    public static HttpClient CreateHttpClient() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(5),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    internal static Uri Resolve(Uri broker, string path)
    {
        var prefix = broker.AbsolutePath.TrimEnd('/');
        return new UriBuilder(broker) { Path = prefix.EndsWith(path, StringComparison.Ordinal) ? prefix : prefix + path }.Uri;
    }
}

/// <summary>The settings of a <see cref="FeedClient{T}"/>. Create them with <see cref="Feeds"/>.</summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <param name="Name">The feed's name in logs and in the metric label <c>feed</c>.</param>
/// <param name="Url">The complete URL of the feed.</param>
/// <param name="Token">The bearer token, a secret.</param>
/// <param name="Type">The JSON contract.</param>
/// <param name="Validate">Validates a parsed response. Returns the error as a sentence, or null. An invalid response is a failure.</param>
public sealed record FeedClientOptions<T>(string Name, Uri Url, string Token, JsonTypeInfo<T> Type, Func<T, string?> Validate)
    where T : class
{
    /// <summary>File for the last good response, mode 0600. It allows a start without the broker. Default: none.</summary>
    public string? LastGoodFile { get; init; }

    /// <summary>
    /// Maximum time for which the broker may hold a response until the feed changes. Default: 30 s. The broker limits it to 60 s.
    /// </summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Additional time for a response after <see cref="Wait"/>. Default: 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between polls if the server does not hold responses. Default: 5 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause after the first failure. It doubles with each further failure. Default: 0.5 s.</summary>
    public TimeSpan MinimumBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Maximum pause after failures. A Retry-After header can extend it to 60 s. Default: 15 s.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Maximum size of a body in bytes. Default: 64 MiB.</summary>
    public long MaximumBytes { get; init; } = 64L << 20;

    /// <summary>Adds headers to a request. Called before every request. Default: none.</summary>
    public Action<HttpRequestHeaders>? ConfigureHeaders { get; init; }

    /// <summary>Returns a number from 0 (inclusive) to 1 (exclusive) that spreads the retries of many clients.</summary>
    public Func<double> Jitter { get; init; } = () => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    /// <summary>Returns the name and the URL without the token, which must not appear in logs.</summary>
    public override string ToString() => $"{Name} feed at {Url}";
}

/// <summary>An immutable snapshot of a feed.</summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <param name="Value">The last good response.</param>
/// <param name="FetchedAt">Time of the broker's last confirmation, including 304 responses.</param>
/// <param name="FromDisk">True if the value is from disk and the broker has not confirmed it in this process.</param>
/// <param name="Version">Increases with each change of the value, and when the broker confirms a value from disk.</param>
public sealed record FeedSnapshot<T>(T Value, DateTimeOffset FetchedAt, bool FromDisk, long Version)
    where T : class;
