using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AivenMetrics.Discovery;

/// <summary>The options of discovery: the feed, the directory for files and the protection against lost targets.</summary>
public sealed class DiscoveryOptions : IValidatableObject
{
    /// <summary>The configuration section of these options.</summary>
    public const string Section = "Discovery";

    /// <summary>The broker's URL, with or without <c>/feed/v1/targets</c>. Required.</summary>
    [Required(ErrorMessage = "set it to the URL of the broker")]
    public string? FeedUrl { get; set; }

    /// <summary>Discovery's feed token, a secret. Required.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Discovery__FeedToken or in a file named by "
            + "Discovery:FeedTokenFile"
    )]
    public string? FeedToken { get; set; }

    /// <summary>The directory for all files, used only by discovery. Prometheus must see it under the same path. Required.</summary>
    [Required(ErrorMessage = "set it to the folder from which Prometheus reads the target files")]
    public string? Directory { get; set; }

    /// <summary>The DNS server, such as <c>127.0.0.1:5353</c>. The default port is 53. Default: the servers of the system.</summary>
    public string? DnsServer { get; set; }

    /// <summary>Timeout of one DNS query. A query is sent at most twice. Default: 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", MinimumIsExclusive = true)]
    public TimeSpan DnsTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Interval between cycles, which is also the delay until a replaced node is found. A change of the feed starts a cycle at once.
    /// Default: 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ResolveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The operator's own <c>prometheus.yml</c>, for a Prometheus before 2.43, which does not support <c>scrape_config_files</c>. Discovery
    /// then writes <c>prometheus.yml</c> to <see cref="Directory"/>: this file with its jobs added and relative paths made absolute.
    /// Default: none.
    /// </summary>
    public string? PrometheusBase { get; set; }

    /// <summary>
    /// The Prometheus servers that receive <c>POST /-/reload</c> when the scrape jobs change. They need <c>--web.enable-lifecycle</c>.
    /// Changed targets need no reload. Default: none.
    /// </summary>
    public IList<string> PrometheusReload { get; } = [];

    /// <summary>
    /// The share of a project's targets that one cycle may remove, 0 to 1. If more are missing, all of them are held back. Default: 0.2.
    /// </summary>
    [Range(0.0, 1.0)]
    public double MaximumDrop { get; set; } = 0.2;

    /// <summary>
    /// The number of cycles, of <see cref="ResolveInterval"/> each, for which missing targets are held back. For the same time DNS must
    /// report that a host does not exist before it is removed. 0 disables both. Default: 3.
    /// </summary>
    [Range(0, 1000)]
    public int HoldCycles { get; set; } = 3;

    /// <summary>The scrape interval of the generated jobs. Default: Prometheus' global interval.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "10675199.02:48:05.4775807")]
    public TimeSpan? ScrapeInterval { get; set; }

    /// <summary>The maximum number of samples per scrape of a node. Prometheus rejects larger scrapes. Default: 0, no limit.</summary>
    [Range(0, int.MaxValue)]
    public int SampleLimit { get; set; }

    /// <summary>
    /// The internal listeners of the gateways, as <c>host:port</c>. A job scrapes the usage of each tenant from them. Tenants can query
    /// their own usage as <c>aivenmetrics_tenant_…</c>. Default: none, and no such job.
    /// </summary>
    public IList<string> Gateways { get; } = [];

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrWhiteSpace(FeedUrl) && !IsHttp(FeedUrl))
        {
            yield return new ValidationResult("must be an absolute http or https URL without user and password.", [nameof(FeedUrl)]);
        }

        if (!string.IsNullOrWhiteSpace(FeedToken) && FeedToken.Any(character => character is < '!' or > '~'))
        {
            yield return new ValidationResult(
                "contains a space, a line break or a non-ASCII character, which a bearer token cannot contain: check the token.",
                [nameof(FeedToken)]
            );
        }

        if (DnsServer is not null && !TryParseDnsServer(out _))
        {
            yield return new ValidationResult(
                $"is '{DnsServer}': it must be an IP address, with a port unless it is 53, such as 127.0.0.1:5353.",
                [nameof(DnsServer)]
            );
        }

        if (PrometheusBase is not null && !File.Exists(PrometheusBase))
        {
            yield return new ValidationResult($"is '{PrometheusBase}', which does not exist: correct the path.", [nameof(PrometheusBase)]);
        }

        foreach (var (index, _) in PrometheusReload.Index().Where(url => !IsHttp(url.Item)))
        {
            yield return new ValidationResult(
                "must be an absolute http or https URL of a Prometheus server without user and password.",
                [$"{nameof(PrometheusReload)}:{index}"]
            );
        }

        foreach (var (index, _) in Gateways.Index().Where(gateway => !IsHostAndPort(gateway.Item)))
        {
            yield return new ValidationResult(
                "must be the host and port of a gateway's internal listener, such as 10.0.0.7:9103, without scheme and path.",
                [$"{nameof(Gateways)}:{index}"]
            );
        }
    }

    internal TimeSpan HoldTime => HoldCycles * ResolveInterval;

    internal bool TryParseDnsServer(out IPEndPoint server)
    {
        var valid = IPEndPoint.TryParse(DnsServer ?? "", out var parsed);
        server = parsed is { Port: 0 } ? new IPEndPoint(parsed.Address, 53) : parsed!;
        return valid;
    }

    private static bool IsHostAndPort(string text) =>
        Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var url)
        && $"{url.Host}:{url.Port}".Equals(text, StringComparison.OrdinalIgnoreCase);

    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri)
        && uri.UserInfo.Length == 0
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
