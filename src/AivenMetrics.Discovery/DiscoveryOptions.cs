using System.ComponentModel.DataAnnotations;
using System.Net;

namespace AivenMetrics.Discovery;

/// <summary>What discovery is told: where the broker's feed is, where the files go, and how careful to be.</summary>
public sealed class DiscoveryOptions : IValidatableObject
{
    /// <summary>The configuration section of these options.</summary>
    public const string Section = "Discovery";

    /// <summary>The broker's URL, with or without <c>/feed/v1/targets</c>. Required.</summary>
    [Required(ErrorMessage = "set it to the URL of the broker")]
    public string? FeedUrl { get; set; }

    /// <summary>Discovery's feed token, a secret. Required.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Discovery__FeedToken or in a file named by Discovery:FeedTokenFile"
    )]
    public string? FeedToken { get; set; }

    /// <summary>The folder that all files go to, ours alone. Prometheus must see it under the same path. Required.</summary>
    [Required(ErrorMessage = "set it to the folder from which Prometheus reads the target files")]
    public string? Directory { get; set; }

    /// <summary>The DNS server, as <c>127.0.0.1:5353</c>; without a port it is 53. Default: those of the system.</summary>
    public string? DnsServer { get; set; }

    /// <summary>How long one DNS question may take; it is asked twice. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00", MinimumIsExclusive = true)]
    public TimeSpan DnsTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The time between cycles: how soon a replaced node is noticed. A change of the feed starts a cycle at once. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan ResolveInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The operator's own <c>prometheus.yml</c>, for a Prometheus before 2.43, which cannot include files of scrape jobs: then
    /// <c>prometheus.yml</c> in <see cref="Directory"/> is this file with our jobs added. Relative paths in it are made absolute
    /// from where it lies. Default: none.
    /// </summary>
    public string? PrometheusBase { get; set; }

    /// <summary>
    /// The Prometheus servers to ask for <c>POST /-/reload</c> after the scrape jobs changed; they need
    /// <c>--web.enable-lifecycle</c>. Changed targets need no reload. Default: none.
    /// </summary>
    public IList<string> PrometheusReload { get; } = [];

    /// <summary>A cycle that would drop more than this share of a project's targets is held back. 0 to 1, default 0.2.</summary>
    [Range(0.0, 1.0)]
    public double MaximumDrop { get; set; } = 0.2;

    /// <summary>
    /// For how many cycles, of <see cref="ResolveInterval"/> each, such a drop is held back, and for how many DNS must say that a
    /// known host does not exist before it is believed. 0 switches both off. Default 3.
    /// </summary>
    [Range(0, 1000)]
    public int HoldCycles { get; set; } = 3;

    /// <summary>The scrape interval of our jobs. Default: Prometheus' global one.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "10675199.02:48:05.4775807")]
    public TimeSpan? ScrapeInterval { get; set; }

    /// <summary>The most samples that one scrape of one node may bring; more, and Prometheus refuses the scrape. 0, the default: no limit.</summary>
    [Range(0, int.MaxValue)]
    public int SampleLimit { get; set; }

    /// <summary>
    /// The internal listeners of the gateways, as <c>host:port</c>: with them, a job scrapes the usage of each tenant from them, which each
    /// tenant can then query as <c>aivenmetrics_tenant_…</c>. Default: none, and no such job.
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
