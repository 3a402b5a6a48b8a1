using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Serialization.Metadata;

namespace AivenMetrics.Feed;

/// <summary>The two feeds of the broker: their paths, and how a client reads each.</summary>
public static class Feeds
{
    /// <summary>Path of the feed for discovery.</summary>
    public const string TargetsPath = "/feed/v1/targets";

    /// <summary>Path of the feed for gateways.</summary>
    public const string CredentialsPath = "/feed/v1/credentials";

    /// <summary>
    /// Header by which a gateway says which one it is, by an id that is random for each run. Sent with <c>If-None-Match</c> it
    /// tells the broker that this gateway applies the version of that tag; binds wait until all gateways do.
    /// </summary>
    public const string GatewayHeader = "X-AivenMetrics-Gateway";

    /// <summary>How to read the feed for discovery.</summary>
    /// <param name="broker">The broker's URL, with or without the feed's path.</param>
    /// <param name="token">Discovery's feed token.</param>
    public static FeedClientOptions<TargetFeed> Targets(Uri broker, string token) =>
        new("targets", Resolve(broker, TargetsPath), token, FeedJson.Default.TargetFeed, FeedValidator.Validate);

    /// <summary>How to read the feed for gateways.</summary>
    /// <param name="broker">The broker's URL, with or without the feed's path.</param>
    /// <param name="token">The gateways' feed token.</param>
    public static FeedClientOptions<CredentialFeed> Credentials(Uri broker, string token) =>
        new("credentials", Resolve(broker, CredentialsPath), token, FeedJson.Default.CredentialFeed, FeedValidator.Validate);

    /// <summary>An HTTP client fit for long polls: no redirects (a token goes to the broker and nowhere else), fresh DNS every few minutes.</summary>
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

/// <summary>How a <see cref="FeedClient{T}"/> reads one feed; take one from <see cref="Feeds"/>.</summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <param name="Name">The feed's name in logs and as the metric label <c>feed</c>.</param>
/// <param name="Url">The feed's whole URL.</param>
/// <param name="Token">The bearer token, a secret.</param>
/// <param name="Type">How to read the JSON.</param>
/// <param name="Validate">What is wrong with an answer that parsed, as a sentence; null: nothing. A faulty answer is a failure.</param>
public sealed record FeedClientOptions<T>(string Name, Uri Url, string Token, JsonTypeInfo<T> Type, Func<T, string?> Validate)
    where T : class
{
    /// <summary>Where the last good answer is kept, mode 0600, for a start without the broker. Default: nowhere.</summary>
    public string? LastGoodFile { get; init; }

    /// <summary>How long the broker may hold an answer until there is news. Default 30 s; the broker caps it at 60 s.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than <see cref="Wait"/> an answer may take. Default 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The pause before the next poll when the server does not hold answers back itself. Default 5 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause after a first failure; it doubles with each further one. Default 0.5 s.</summary>
    public TimeSpan MinimumBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause after failures; a Retry-After may ask for up to a minute. Default 15 s.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The largest body that is read, in bytes. Default 64 MiB.</summary>
    public long MaximumBytes { get; init; } = 64L << 20;

    /// <summary>Adds headers to each request, for what the caller tells the broker. Called before every request. Default: none.</summary>
    public Action<HttpRequestHeaders>? ConfigureHeaders { get; init; }

    /// <summary>A number from 0 (inclusive) to 1 (exclusive) that spreads the retries of many clients.</summary>
    public Func<double> Jitter { get; init; } = () => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    /// <summary>Name and URL only: the token stays out of logs.</summary>
    public override string ToString() => $"{Name} feed at {Url}";
}

/// <summary>The picture of a feed at one time; replaced whole, never changed.</summary>
/// <typeparam name="T">The feed's wire record.</typeparam>
/// <param name="Value">The last good answer.</param>
/// <param name="FetchedAt">When the broker last said that this is so (also by 304).</param>
/// <param name="FromDisk">True until the broker has answered in this process: the value is the one of the last run.</param>
/// <param name="Version">Grows with each change of value and when a value from disk is confirmed, not with each confirmation.</param>
public sealed record FeedSnapshot<T>(T Value, DateTimeOffset FetchedAt, bool FromDisk, long Version)
    where T : class;
