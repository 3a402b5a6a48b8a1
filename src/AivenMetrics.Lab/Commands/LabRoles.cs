using AivenMetrics.Hosting;
using AivenMetrics.Simulator;

namespace AivenMetrics.Lab.Commands;

/// <summary>The roles of the laboratory. Secrets are read from files; they are never given on the command line.</summary>
internal static class LabRoles
{
    public static readonly Role<SimulatorOptions> Simulator = new(
        "simulator",
        "Stands in for Aiven: its API, its DNS and the metrics listeners of its nodes, all on loopback.",
        SimulatorOptions.Section,
        DefaultListen: "http://127.0.0.1:8082",
        DefaultInternalListen: "http://127.0.0.1:9104",
        Secrets: ["Token"],
        Options:
        [
            new(
                "--listen",
                "Listen",
                "Where the API (/v1) and the admin API (/simulator/v1, without authentication) are. Default: http://127.0.0.1:8082."
            ),
            new("--internal-listen", "InternalListen", "Where /healthz, /readyz and /metrics are. Default: http://127.0.0.1:9104."),
            new(
                "--token-file",
                "TokenFile",
                "File that holds the API token that is accepted. Required, or by AIVENMETRICS_Simulator__Token."
            ),
            new("--project", "Project", "Name of the project that exists at start. Default: demo."),
            new("--dns-listen", "DnsListen", "Where the DNS server listens, UDP and TCP. Default: 127.0.0.1:0, any free port."),
            new("--node-network", "NodeNetwork", "Loopback network of the nodes, such as 127.41, or auto. Default: 127.41."),
            new("--integration-delay", "IntegrationDelay", "Time until an integration is active. Default: 00:00:10."),
            new("--listener-delay", "ListenerDelay", "Time until nodes serve metrics. Default: 00:01:00."),
            new("--build-time", "BuildTime", "Time until a new service runs. Default: 00:03:00."),
        ],
        (services, options) => services.AddSimulator(options),
        routes => routes.MapSimulator()
    );
}
