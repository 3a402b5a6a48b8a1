using AivenMetrics.Broker;
using AivenMetrics.Discovery;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Hosting;

namespace AivenMetrics.Commands;

/// <summary>
/// The roles. Their options here set the keys that are used most; every key can be set in the configuration file or by an
/// environment variable. Secrets are named by files, never given on the command line.
/// </summary>
internal static class Roles
{
    public static readonly Role<BrokerOptions> Broker = new(
        "broker",
        "Answers the platform (Open Service Broker API), reconciles Aiven's integrations and serves the feeds.",
        BrokerOptions.Section,
        DefaultListen: "http://127.0.0.1:8080",
        DefaultInternalListen: "http://127.0.0.1:9101",
        Secrets:
        [
            "Password",
            "Users:*:PasswordHash",
            "Database",
            "EncryptionKeys:*:Key",
            "Feed:DiscoveryToken",
            "Feed:GatewayToken",
            "Aiven:Token",
        ],
        Options:
        [
            new("--listen", "Listen", "Where the platform, discovery and gateways find the broker. Default: http://127.0.0.1:8080."),
            new("--internal-listen", "InternalListen", "Where /healthz, /readyz and /metrics are. Default: http://127.0.0.1:9101."),
            new("--gateway-url", "GatewayUrl", "The URL that tenants get in their credentials. Required."),
            new(
                "--database",
                "Database",
                "Connection string: 'Data Source=<file>' for SQLite, 'Host=…' for PostgreSQL (keep one with a password in a file: --database-file). Default: 'Data Source=aiven-metrics.db'."
            ),
            new("--database-file", "DatabaseFile", "File that holds the connection string. Default: none."),
            new("--username", "Username", "The platform's user name. Default: broker."),
            new(
                "--password-file",
                "PasswordFile",
                "File that holds the platform's password. Required, or by AIVENMETRICS_Broker__Password, unless Broker:Users are configured."
            ),
            new("--aiven-api-url", "Aiven:ApiUrl", "Aiven's API. Default: https://api.aiven.io."),
            new(
                "--aiven-token-file",
                "Aiven:TokenFile",
                "File that holds Aiven's API token. Required, or by AIVENMETRICS_Broker__Aiven__Token."
            ),
            new("--project", "Aiven:Projects", "An Aiven project whose services are served. At least one is required.", Repeatable: true),
            new(
                "--mode",
                "Aiven:Mode",
                "Bound: integrate the services that bindings cover; AllEligible: every eligible service. Default: Bound."
            ),
            new(
                "--discovery-token-file",
                "Feed:DiscoveryTokenFile",
                "File that holds the token of discovery. Required, or by AIVENMETRICS_Broker__Feed__DiscoveryToken."
            ),
            new(
                "--gateway-token-file",
                "Feed:GatewayTokenFile",
                "File that holds the token of gateways. Required, or by AIVENMETRICS_Broker__Feed__GatewayToken."
            ),
        ],
        (services, options) => services.AddBroker(options),
        app => app.MapBroker()
    );

    public static readonly Role<DiscoveryOptions> Discovery = new(
        "discovery",
        "Keeps the target files, CA, password and scrape jobs of the Prometheus beside it right.",
        DiscoveryOptions.Section,
        DefaultListen: null,
        DefaultInternalListen: "http://127.0.0.1:9102",
        Secrets: ["FeedToken"],
        Options:
        [
            new("--internal-listen", "InternalListen", "Where /healthz, /readyz and /metrics are. Default: http://127.0.0.1:9102."),
            new("--feed-url", "FeedUrl", "The broker's URL. Required."),
            new(
                "--feed-token-file",
                "FeedTokenFile",
                "File that holds discovery's feed token. Required, or by AIVENMETRICS_Discovery__FeedToken."
            ),
            new("--directory", "Directory", "Folder for the files that Prometheus reads. Required."),
            new("--dns-server", "DnsServer", "DNS server as <address>:<port>. Default: the system's."),
            new("--resolve-interval", "ResolveInterval", "Time between look-ups of the nodes. Default: 00:00:30."),
            new(
                "--prometheus-base",
                "PrometheusBase",
                "Your prometheus.yml, to which our jobs are appended (Prometheus before 2.43). Default: none."
            ),
            new(
                "--gateway",
                "Gateways",
                "Internal listener of a gateway, as host:port, from which Prometheus gets the usage of tenants. Default: none.",
                Repeatable: true
            ),
            new(
                "--prometheus-reload",
                "PrometheusReload",
                "URL of a Prometheus to reload when its jobs change. Default: none.",
                Repeatable: true
            ),
        ],
        (services, options) => services.AddDiscovery(options),
        MapEndpoints: null
    );

    public static readonly Role<GatewayOptions> Gateway = new(
        "gateway",
        "Serves tenants the Prometheus query API, each its own series only.",
        GatewayOptions.Section,
        DefaultListen: "http://127.0.0.1:8081",
        DefaultInternalListen: "http://127.0.0.1:9103",
        Secrets: ["FeedToken"],
        Options:
        [
            new("--listen", "Listen", "Where tenants reach it, through Caddy. Default: http://127.0.0.1:8081."),
            new("--internal-listen", "InternalListen", "Where /healthz, /readyz and /metrics are. Default: http://127.0.0.1:9103."),
            new(
                "--prometheus",
                "Prometheus",
                "URL of a Prometheus; the first is the usual one, the next are asked when it fails. At least one is required.",
                Repeatable: true
            ),
            new("--feed-url", "FeedUrl", "The broker's URL, unless --tenants-file is given."),
            new("--feed-token-file", "FeedTokenFile", "File that holds the gateways' feed token, or by AIVENMETRICS_Gateway__FeedToken."),
            new(
                "--last-good-file",
                "LastGoodFile",
                "Keeps the last good tenants on disk, for a start while the broker is away. Default: none."
            ),
            new(
                "--upstream-concurrency",
                "UpstreamConcurrency",
                "Requests that wait for the Prometheus servers at once, of all tenants. Default: 20."
            ),
            new(
                "--tenants-file",
                "TenantsFile",
                "Take the tenants from this JSON file instead of the feed; it is read again when it changes. Default: none."
            ),
        ],
        (services, options) => services.AddGateway(options),
        app => app.MapGateway(),
        app => app.UseTenantMetrics(),
        HasOwnRequestMetrics: true,
        UsesInlineSocketCompletions: true,
        SupportsHttp2: true,
        Rules: GatewayOptionsValidator.Validate
    );
}
