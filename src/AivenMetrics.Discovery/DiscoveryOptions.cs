using System.Net;

namespace AivenMetrics.Discovery;

/// <summary>What discovery is told: where the broker's feed is, where the files go, and how careful to be.</summary>
public sealed class DiscoveryOptions
{
    /// <summary>The configuration section of these options.</summary>
    public const string Section = "Discovery";

    /// <summary>The broker's URL, with or without <c>/feed/v1/targets</c>. Required.</summary>
    public string? FeedUrl { get; set; }

    /// <summary>Discovery's feed token, a secret. Required.</summary>
    public string? FeedToken { get; set; }

    /// <summary>The folder that all files go to, ours alone. Prometheus must see it under the same path. Required.</summary>
    public string? Directory { get; set; }

    /// <summary>The DNS server, as <c>127.0.0.1:5353</c>; without a port it is 53. Default: those of the system.</summary>
    public string? DnsServer { get; set; }

    /// <summary>How long one DNS question may take; it is asked twice. Default 2 s.</summary>
    public TimeSpan DnsTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The time between cycles: how soon a replaced node is noticed. A change of the feed starts a cycle at once. Default 30 s.</summary>
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
    public double MaximumDrop { get; set; } = 0.2;

    /// <summary>
    /// For how many cycles, of <see cref="ResolveInterval"/> each, such a drop is held back, and for how many DNS must say that a
    /// known host does not exist before it is believed. 0 switches both off. Default 3.
    /// </summary>
    public int HoldCycles { get; set; } = 3;

    /// <summary>The scrape interval of our jobs. Default: Prometheus' global one.</summary>
    public TimeSpan? ScrapeInterval { get; set; }

    /// <summary>The most samples that one scrape of one node may bring; more, and Prometheus refuses the scrape. 0, the default: no limit.</summary>
    public int SampleLimit { get; set; }

    /// <summary>
    /// The internal listeners of the gateways, as <c>host:port</c>: with them, a job scrapes the usage of each tenant from them, which each
    /// tenant can then query as <c>aivenmetrics_tenant_…</c>. Default: none, and no such job.
    /// </summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>Every fault of these options, each a sentence that names the key and the remedy.</summary>
    public IEnumerable<string> Validate()
    {
        if (string.IsNullOrWhiteSpace(FeedUrl))
        {
            yield return $"{Section}:FeedUrl is missing: set it to the broker's URL.";
        }
        else if (!IsHttp(FeedUrl))
        {
            yield return $"{Section}:FeedUrl must be an absolute http or https URL without user and password.";
        }
        if (string.IsNullOrWhiteSpace(FeedToken))
        {
            yield return $"{Section}:FeedToken is missing: set it with the environment variable AIVENMETRICS_{Section}__FeedToken or in a file named by {Section}:FeedTokenFile.";
        }
        else if (FeedToken.Any(c => c is < '!' or > '~'))
        {
            yield return $"{Section}:FeedToken holds a space, a line break or a character beyond ASCII: a bearer token cannot.";
        }
        if (string.IsNullOrWhiteSpace(Directory))
        {
            yield return $"{Section}:Directory is missing: set it to the folder that Prometheus reads target files from.";
        }
        if (DnsServer is not null && !TryParseDnsServer(out _))
        {
            yield return $"{Section}:DnsServer is '{DnsServer}': it must be an IP address, with a port if not 53, as 127.0.0.1:5353.";
        }
        if (DnsTimeout <= TimeSpan.Zero || DnsTimeout > TimeSpan.FromMinutes(1))
        {
            yield return $"{Section}:DnsTimeout is {DnsTimeout}: it must be above zero and at most a minute.";
        }
        if (ResolveInterval < TimeSpan.FromMilliseconds(100) || ResolveInterval > TimeSpan.FromHours(1))
        {
            yield return $"{Section}:ResolveInterval is {ResolveInterval}: it must be from 0.1 seconds to an hour.";
        }
        if (PrometheusBase is not null && !File.Exists(PrometheusBase))
        {
            yield return $"{Section}:PrometheusBase is '{PrometheusBase}': there is no such file.";
        }
        foreach (var (index, _) in PrometheusReload.Index().Where(url => !IsHttp(url.Item)))
        {
            yield return $"{Section}:PrometheusReload:{index} must be an absolute http or https URL of a Prometheus without user and password.";
        }
        foreach (var (index, _) in Gateways.Index().Where(gateway => !IsHostAndPort(gateway.Item)))
        {
            yield return $"{Section}:Gateways:{index} must be the host and port of a gateway's internal listener, as 10.0.0.7:9103, without scheme or path.";
        }
        if (MaximumDrop is not (>= 0 and <= 1))
        {
            yield return $"{Section}:MaximumDrop is {MaximumDrop}: it must be from 0 to 1.";
        }
        if (HoldCycles is < 0 or > 1000)
        {
            yield return $"{Section}:HoldCycles is {HoldCycles}: it must be from 0 to 1000.";
        }
        if (ScrapeInterval < TimeSpan.FromMilliseconds(1))
        {
            yield return $"{Section}:ScrapeInterval is {ScrapeInterval}: it must be at least a millisecond.";
        }
        if (SampleLimit < 0)
        {
            yield return $"{Section}:SampleLimit is {SampleLimit}: it must be 0 (no limit) or more.";
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
