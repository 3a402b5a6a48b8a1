using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>Configuration of the gateway, section <c>Gateway</c>. Bound once at start; nothing here changes while it runs.</summary>
public sealed class GatewayOptions
{
    /// <summary>The configuration section, <c>Gateway</c>.</summary>
    public const string Section = "Gateway";

    /// <summary>
    /// Base URLs of the Prometheus servers (or anything with the Prometheus query API), the usual one first; at least one.
    /// A path prefix is kept. A user and password in the URL are sent to that server as basic authentication and appear in no log.
    /// </summary>
    public IList<string> Prometheus { get; init; } = [];

    /// <summary>
    /// What the servers are, all of them: <c>Prometheus</c> (default), also for whatever behaves as one, or <c>VictoriaMetrics</c>.
    /// </summary>
    public QueryEngine Engine { get; set; } = QueryEngine.Prometheus;

    /// <summary>
    /// A path before all paths of the gateway, such as <c>/prometheus</c>, for a proxy that does not take it away; default: none. Paths
    /// without it are served too.
    /// </summary>
    public string? PathPrefix { get; set; }

    /// <summary>Base URL of the broker, whose feed says who may query what. Either this or <see cref="TenantsFile"/>.</summary>
    public string? FeedUrl { get; set; }

    /// <summary>The gateway's token for the broker's feed. A secret; required with <see cref="FeedUrl"/>.</summary>
    public string? FeedToken { get; set; }

    /// <summary>
    /// A file that keeps the feed's last good answer, so that the gateway can start while the broker is away; default: none.
    /// It holds hashes of passwords and is written with mode 0600.
    /// </summary>
    public string? LastGoodFile { get; set; }

    /// <summary>
    /// A JSON file with the tenants, the same as the feed's answer, re-read within about a second of a change.
    /// Either this or <see cref="FeedUrl"/>.
    /// </summary>
    public string? TenantsFile { get; set; }

    /// <summary>
    /// How long a Prometheus may take until its answer begins, and between two pieces of it. Default 2 min 30 s, a little more than
    /// Prometheus' own query timeout of 2 min, so that its explanation reaches the tenant. At most a day.
    /// </summary>
    public TimeSpan UpstreamTimeout { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>When the gateway leaves a Prometheus for the next and when it comes back.</summary>
    public FailoverOptions Failover { get; init; } = new();

    /// <summary>
    /// Origins whose web pages may read answers, such as <c>https://console.example</c>; default: none. Tools and servers, Grafana among
    /// them, need none of this.
    /// </summary>
    public IList<string> CorsOrigins { get; init; } = [];

    /// <summary>
    /// Requests of all tenants that may wait for a Prometheus' answer at once; tenants that wait take turns. 1 to 10,000; default 20, which is
    /// Prometheus' own <c>--query.max-concurrency</c>: with several gateways, give each its part.
    /// </summary>
    public int UpstreamConcurrency { get; set; } = 20;

    /// <summary>
    /// Remote reads of all tenants at once, each until its client has read all of it, and two of one tenant. 1 to 10,000; default 4: a
    /// Prometheus takes 10 from all gateways (<c>--storage.remote.read-concurrent-limit</c>).
    /// </summary>
    public int RemoteReadConcurrency { get; set; } = 4;

    /// <summary>
    /// The limits of each tenant by plan; default: those of <see cref="TenantLimitsOptions"/> for every plan. The plan <c>default</c> is what all others
    /// start from.
    /// </summary>
    public IDictionary<string, TenantLimitsOptions> Plans { get; } =
        new Dictionary<string, TenantLimitsOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// How many tenants, by plan, have series of their usage on <c>/metrics/tenants</c>: the latest to have asked. 0 to 100,000; default 2000.
    /// </summary>
    public int ExportedTenants { get; set; } = 2000;

    /// <summary>All that is wrong with these options, as sentences that name the key and the remedy; empty when they can be used.</summary>
    public IEnumerable<string> Validate()
    {
        if (Prometheus.Count == 0)
        {
            yield return "Gateway:Prometheus is missing: give at least one base URL, for example "
                + "AIVENMETRICS_Gateway__Prometheus__0=http://127.0.0.1:9090.";
        }

        for (var i = 0; i < Prometheus.Count; i++)
        {
            if (!IsBaseUrl(Prometheus[i]))
            {
                yield return $"Gateway:Prometheus:{i} is not a base URL: it must be absolute, http or https, without query or fragment.";
            }
        }

        foreach (var fault in DuplicatePrometheusErrors())
        {
            yield return fault;
        }

        foreach (var fault in CredentialSourceErrors())
        {
            yield return fault;
        }

        if (!string.IsNullOrEmpty(PathPrefix) && !RequestTarget.IsValidPrefix(PathPrefix))
        {
            yield return "Gateway:PathPrefix is not a path: it must begin with a slash, end without one, and be of letters, digits, -, ., _ and ~, "
                + "for example /prometheus.";
        }

        for (var i = 0; i < CorsOrigins.Count; i++)
        {
            if (!IsOrigin(CorsOrigins[i]))
            {
                yield return $"Gateway:CorsOrigins:{i} is not an origin: it must be a scheme, a host and perhaps a port, for example https://console.example.";
            }
        }

        if (UpstreamTimeout <= TimeSpan.Zero || UpstreamTimeout > TimeSpan.FromDays(1))
        {
            yield return "Gateway:UpstreamTimeout must be more than zero and at most a day, for example 00:02:30.";
        }

        foreach (var fault in LimitErrors())
        {
            yield return fault;
        }
    }

    /// <summary>The same server twice looks like redundancy and is none.</summary>
    private IEnumerable<string> DuplicatePrometheusErrors()
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < Prometheus.Count; i++)
        {
            if (!IsBaseUrl(Prometheus[i]))
            {
                continue;
            }
            var url = Destination.BaseUrl(new Uri(Prometheus[i]));
            if (!first.TryAdd(url, i))
            {
                yield return $"Gateway:Prometheus:{i} is the same server as Gateway:Prometheus:{first[url]}: "
                    + "remove one of them, or name another server that has the same targets.";
            }
        }
    }

    private IEnumerable<string> LimitErrors()
    {
        if (UpstreamConcurrency is < 1 or > 10_000)
        {
            yield return $"Gateway:UpstreamConcurrency is {UpstreamConcurrency}: it must be from 1 to 10000.";
        }
        if (RemoteReadConcurrency is < 1 or > 10_000)
        {
            yield return $"Gateway:RemoteReadConcurrency is {RemoteReadConcurrency}: it must be from 1 to 10000.";
        }
        if (ExportedTenants is < 0 or > 100_000)
        {
            yield return $"Gateway:ExportedTenants is {ExportedTenants}: it must be from 0 to 100000.";
        }
        foreach (var (plan, limits) in Plans)
        {
            foreach (var fault in limits.Validate($"Gateway:Plans:{plan}"))
            {
                yield return fault;
            }
        }
        foreach (var fault in Failover.Validate())
        {
            yield return fault;
        }
    }

    private IEnumerable<string> CredentialSourceErrors()
    {
        var (feed, file) = (!string.IsNullOrEmpty(FeedUrl), !string.IsNullOrEmpty(TenantsFile));
        if (feed && file)
        {
            yield return "Gateway:FeedUrl and Gateway:TenantsFile are both set: tenants come from one of them, remove the other.";
        }
        if (!feed && !file)
        {
            yield return "Gateway:FeedUrl is missing: set it to the broker's base URL, or name a file of tenants with Gateway:TenantsFile.";
        }
        if (feed && (!IsBaseUrl(FeedUrl!) || new Uri(FeedUrl!).UserInfo.Length > 0))
        {
            yield return "Gateway:FeedUrl is not a base URL: it must be absolute, http or https, without user, query or fragment.";
        }
        if (feed && string.IsNullOrEmpty(FeedToken))
        {
            yield return "Gateway:FeedToken is missing: set it with the environment variable AIVENMETRICS_Gateway__FeedToken "
                + "or in a file named by Gateway:FeedTokenFile.";
        }
        if (file && CredentialFileSource.Read(TenantsFile!).Error is { } fault)
        {
            yield return $"Gateway:TenantsFile: {fault.TrimEnd('.')}.";
        }
    }

    /// <summary>As a browser writes it: no path, not even a slash, and no default port.</summary>
    private static bool IsOrigin(string text) =>
        IsBaseUrl(text) && string.Equals(new Uri(text).GetLeftPart(UriPartial.Authority), text, StringComparison.OrdinalIgnoreCase);

    private static bool IsBaseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0
        && url.Query.Length == 0
        && url.Fragment.Length == 0;
}
