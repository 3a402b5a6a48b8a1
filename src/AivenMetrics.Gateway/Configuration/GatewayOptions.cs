using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Gateway.Configuration;

/// <summary>Configuration of the gateway, section <c>Gateway</c>. It is bound once, at start, and does not change afterwards.</summary>
public sealed class GatewayOptions
{
    /// <summary>The configuration section, <c>Gateway</c>.</summary>
    public const string Section = "Gateway";

    /// <summary>
    /// Base URLs of the Prometheus servers, or of any servers with the Prometheus query API, the preferred one first. At least one is
    /// required. A path prefix is kept. A user and password in the URL are sent to that server as basic authentication and are never
    /// logged.
    /// </summary>
    [MinLength(1, ErrorMessage = "give at least one base URL, such as AIVENMETRICS_Gateway__Prometheus__0=http://127.0.0.1:9090")]
    public IList<string> Prometheus { get; init; } = [];

    /// <summary>
    /// The engine of all servers: <c>Prometheus</c>, also for compatible servers, or <c>VictoriaMetrics</c>. Default: <c>Prometheus</c>.
    /// </summary>
    public QueryEngine Engine { get; set; } = QueryEngine.Prometheus;

    /// <summary>
    /// A path before all paths of the gateway, such as <c>/prometheus</c>, for a proxy that does not remove it. Default: none. Paths
    /// without the prefix are served too.
    /// </summary>
    public string? PathPrefix { get; set; }

    /// <summary>
    /// Base URL of the broker, whose feed contains the credentials. Either this or <see cref="TenantsFile"/> is required.
    /// </summary>
    public string? FeedUrl { get; set; }

    /// <summary>The gateway's token for the broker's feed. A secret; required with <see cref="FeedUrl"/>.</summary>
    public string? FeedToken { get; set; }

    /// <summary>
    /// A file with the last valid response of the feed, so that the gateway can start while the broker is unavailable. Default: none. The
    /// file contains hashes of passwords and is written with mode 0600.
    /// </summary>
    public string? LastGoodFile { get; set; }

    /// <summary>
    /// A JSON file with the credentials, in the form of the feed's response. The gateway reads it again within about a second of a change.
    /// Either this or <see cref="FeedUrl"/> is required.
    /// </summary>
    public string? TenantsFile { get; set; }

    /// <summary>
    /// The maximum time until a Prometheus server begins its response, and between two parts of it. Default: 2 min 30 s, slightly more than
    /// Prometheus' own query timeout of 2 min, so that its error message reaches the tenant. Maximum: 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00", MinimumIsExclusive = true)]
    public TimeSpan UpstreamTimeout { get; set; } = TimeSpan.FromSeconds(150);

    /// <summary>The conditions for a change to another Prometheus server and back.</summary>
    public FailoverOptions Failover { get; init; } = new();

    /// <summary>
    /// Origins whose web pages may read responses, such as <c>https://console.example</c>. Default: none. Tools and servers, including
    /// Grafana, need no entry.
    /// </summary>
    public IList<string> CorsOrigins { get; init; } = [];

    /// <summary>
    /// The number of requests of all tenants that may wait for responses of Prometheus servers at the same time. Waiting tenants take
    /// turns. 1 to 10,000. Default: 20, the default of Prometheus' <c>--query.max-concurrency</c>. Divide it between several gateways.
    /// </summary>
    [Range(1, 10_000)]
    public int UpstreamConcurrency { get; set; } = 20;

    /// <summary>
    /// The number of concurrent remote reads of all tenants, each until its client has read the response; at most two per tenant. 1 to
    /// 10,000. Default: 4. A Prometheus server accepts 10 from all gateways together (<c>--storage.remote.read-concurrent-limit</c>).
    /// </summary>
    [Range(1, 10_000)]
    public int RemoteReadConcurrency { get; set; } = 4;

    /// <summary>
    /// The limits of each tenant by plan. Default: those of <see cref="TenantLimitsOptions"/> for every plan. The plan <c>default</c> sets
    /// the defaults of all other plans.
    /// </summary>
    public IDictionary<string, TenantLimitsOptions> Plans { get; } =
        new Dictionary<string, TenantLimitsOptions>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The number of tenants, by plan, with usage series on <c>/metrics/tenants</c>: those with the latest requests. 0 to 100,000. Default:
    /// 2000.
    /// </summary>
    [Range(0, 100_000)]
    public int ExportedTenants { get; set; } = 2000;
}
