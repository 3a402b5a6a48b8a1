using AivenMetrics.Hosting;
using AivenMetrics.Simulator;

namespace AivenMetrics.Lab.Commands;

/// <summary>The roles of the laboratory. Secrets are read from files; they are never given on the command line.</summary>
internal static class LabRoles
{
    public static readonly Role<SimulatorOptions> Simulator = new(
        "simulator",
        "Simulates Aiven on loopback: its API, its DNS and the metrics listeners of its nodes.",
        SimulatorOptions.Section,
        DefaultListen: "http://127.0.0.1:8082",
        DefaultInternalListen: "http://127.0.0.1:9104",
        Secrets: ["Token"],
        Options:
        [
            new(
                "--listen",
                "Listen",
                "Address of the API (/v1) and the admin API (/simulator/v1, without authentication). Default: http://127.0.0.1:8082."
            ),
            new("--internal-listen", "InternalListen", "Address of /healthz, /readyz and /metrics. Default: http://127.0.0.1:9104."),
            new(
                "--token-file",
                "TokenFile",
                "File that contains the API token to accept. Required, unless AIVENMETRICS_Simulator__Token is set."
            ),
            new("--project", "Project", "Name of the initial project. Default: demo."),
            new("--dns-listen", "DnsListen", "Address of the DNS server (UDP and TCP). Default: 127.0.0.1:0, a free port."),
            new("--node-network", "NodeNetwork", "Loopback network of the nodes, such as 127.41, or auto. Default: 127.41."),
            new("--integration-delay", "IntegrationDelay", "Time until an integration is active. Default: 00:00:10."),
            new("--listener-delay", "ListenerDelay", "Time until nodes serve metrics. Default: 00:01:00."),
            new("--build-time", "BuildTime", "Time until a new service runs. Default: 00:03:00."),
        ],
        (services, options) => services.AddSimulator(options),
        routes => routes.MapSimulator()
    );
}
