using AivenMetrics.Broker;
using AivenMetrics.Discovery;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Hosting;

namespace AivenMetrics.Commands;

/// <summary>
/// The roles and their command-line options for the most common keys. Every key can be set in the configuration file or by an
/// environment variable. Secrets are read from files, never from the command line.
/// </summary>
internal static class Roles
{
    public static readonly Role<BrokerOptions> Broker = new(
        "broker",
        "Runs the service broker: serves the Open Service Broker API and the feeds, and reconciles Aiven's integrations.",
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
            new("--listen", "Listen", "Address for the platform, discovery and gateways. Default: http://127.0.0.1:8080."),
            new("--internal-listen", "InternalListen", "Address of /healthz, /readyz and /metrics. Default: http://127.0.0.1:9101."),
            new("--gateway-url", "GatewayUrl", "Public URL of the gateways, which credentials contain. Required."),
            new(
                "--database",
                "Database",
                "Connection string: 'Data Source=<file>' for SQLite, 'Host=…' for PostgreSQL. Use --database-file if it "
                    + "contains a password. Default: 'Data Source=aiven-metrics.db'."
            ),
            new("--database-file", "DatabaseFile", "File that contains the connection string. Default: none."),
            new("--username", "Username", "User name of the platform. Default: broker."),
            new(
                "--password-file",
                "PasswordFile",
                "File that contains the password of the platform. Required, unless AIVENMETRICS_Broker__Password or Broker:Users are set."
            ),
            new("--aiven-api-url", "Aiven:ApiUrl", "URL of Aiven's API. Default: https://api.aiven.io."),
            new(
                "--aiven-token-file",
                "Aiven:TokenFile",
                "File that contains Aiven's API token. Required, unless AIVENMETRICS_Broker__Aiven__Token is set."
            ),
            new("--project", "Aiven:Projects", "Aiven project whose services tenants can use. At least one is required.", Repeatable: true),
            new("--mode", "Aiven:Mode", "Services to integrate: Bound (those that bindings cover) or AllEligible. Default: Bound."),
            new(
                "--discovery-token-file",
                "Feed:DiscoveryTokenFile",
                "File that contains the feed token of discovery. Required, unless AIVENMETRICS_Broker__Feed__DiscoveryToken is set."
            ),
            new(
                "--gateway-token-file",
                "Feed:GatewayTokenFile",
                "File that contains the feed token of gateways. Required, unless AIVENMETRICS_Broker__Feed__GatewayToken is set."
            ),
        ],
        (services, options) => services.AddBroker(options),
        app => app.MapBroker()
    );

    public static readonly Role<DiscoveryOptions> Discovery = new(
        "discovery",
        "Runs discovery: writes target files, CA, password and scrape jobs for the Prometheus on the same machine.",
        DiscoveryOptions.Section,
        DefaultListen: null,
        DefaultInternalListen: "http://127.0.0.1:9102",
        Secrets: ["FeedToken"],
        Options:
        [
            new("--internal-listen", "InternalListen", "Address of /healthz, /readyz and /metrics. Default: http://127.0.0.1:9102."),
            new("--feed-url", "FeedUrl", "URL of the broker. Required."),
            new(
                "--feed-token-file",
                "FeedTokenFile",
                "File that contains the feed token of discovery. Required, unless AIVENMETRICS_Discovery__FeedToken is set."
            ),
            new("--directory", "Directory", "Folder for the files that Prometheus reads. Required."),
            new("--dns-server", "DnsServer", "DNS server as <address>:<port>. Default: the DNS servers of the system."),
            new("--resolve-interval", "ResolveInterval", "Interval between DNS lookups of the nodes. Default: 00:00:30."),
            new(
                "--prometheus-base",
                "PrometheusBase",
                "Your prometheus.yml, for Prometheus before 2.43: discovery writes a copy with its scrape jobs added. Default: none."
            ),
            new(
                "--gateway",
                "Gateways",
                "Internal listener of a gateway as host:port; Prometheus scrapes the usage of tenants from it. Default: none.",
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
        "Runs the gateway: serves the Prometheus query API to tenants, restricted to their own series.",
        GatewayOptions.Section,
        DefaultListen: "http://127.0.0.1:8081",
        DefaultInternalListen: "http://127.0.0.1:9103",
        Secrets: ["FeedToken"],
        Options:
        [
            new("--listen", "Listen", "Address for tenants, behind Caddy or the router. Default: http://127.0.0.1:8081."),
            new("--internal-listen", "InternalListen", "Address of /healthz, /readyz and /metrics. Default: http://127.0.0.1:9103."),
            new(
                "--prometheus",
                "Prometheus",
                "URL of a Prometheus server. The first one is preferred, the others are used if it fails. At least one is required.",
                Repeatable: true
            ),
            new("--feed-url", "FeedUrl", "URL of the broker. Required, unless --tenants-file is given."),
            new(
                "--feed-token-file",
                "FeedTokenFile",
                "File that contains the feed token of gateways. Required with --feed-url, unless AIVENMETRICS_Gateway__FeedToken is set."
            ),
            new(
                "--last-good-file",
                "LastGoodFile",
                "File that stores the last valid credentials, so that the gateway can start while the broker is unavailable. Default: none."
            ),
            new(
                "--upstream-concurrency",
                "UpstreamConcurrency",
                "Maximum number of concurrent requests to the Prometheus servers, over all tenants. Default: 20."
            ),
            new(
                "--tenants-file",
                "TenantsFile",
                "JSON file with credentials, used instead of the feed and reloaded when it changes. Default: none."
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
