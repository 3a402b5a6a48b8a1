using System.ComponentModel.DataAnnotations;

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
    [MinLength(1, ErrorMessage = "give at least one base URL, such as AIVENMETRICS_Gateway__Prometheus__0=http://127.0.0.1:9090")]
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
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true)]
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
    [Range(1, 10_000)]
    public int UpstreamConcurrency { get; set; } = 20;

    /// <summary>
    /// Remote reads of all tenants at once, each until its client has read all of it, and two of one tenant. 1 to 10,000; default 4: a
    /// Prometheus takes 10 from all gateways (<c>--storage.remote.read-concurrent-limit</c>).
    /// </summary>
    [Range(1, 10_000)]
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
    [Range(0, 100_000)]
    public int ExportedTenants { get; set; } = 2000;
}
