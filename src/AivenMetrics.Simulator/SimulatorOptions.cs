using System.ComponentModel.DataAnnotations;
using System.Net;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator;

/// <summary>Options of the simulator (section <c>Simulator</c>). The admin API can change the delays at run time.</summary>
public sealed class SimulatorOptions : IValidatableObject
{
    /// <summary>The configuration section these options are bound from.</summary>
    public const string Section = "Simulator";

    /// <summary>
    /// The API token that <c>/v1</c> accepts, as <c>Authorization: aivenv1 …</c> or <c>Bearer …</c>. A secret; required.
    /// The admin API has no authentication: listen on loopback only.
    /// </summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Simulator__Token or in a file named by Simulator:TokenFile"
    )]
    public string Token { get; set; } = "";

    /// <summary>Name of the initial project. Default: <c>demo</c>.</summary>
    public string Project { get; set; } = "demo";

    /// <summary>
    /// Loopback network of the nodes, such as <c>127.41</c> (or <c>127.41.0.0/16</c>, <c>127.41.7.0/24</c>). <c>auto</c> selects the first
    /// /24 from 127.42.0.0 that no other simulator on this machine uses. Default: <c>127.41</c>.
    /// </summary>
    public string NodeNetwork { get; set; } = "127.41";

    /// <summary>
    /// Loopback address and port of the DNS server (UDP and TCP). Port 0 selects a free port. Default: <c>127.0.0.1:0</c>.
    /// </summary>
    public string DnsListen { get; set; } = "127.0.0.1:0";

    /// <summary>Time from the creation of an integration until it is <c>active</c>. Default: 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IntegrationDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time from the creation of an integration until the nodes serve metrics. Default: 60 s, as Aiven documents.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ListenerDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Time during which a new service or integration is 404 when it is read by name or id. Default: 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan NotFoundWindow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time for which a service is <c>REBUILDING</c> after create or power-on, or <c>REBALANCING</c> after a change. Default: 3 min.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan BuildTime { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Maximum number of API calls in any 60 s; further calls are rejected with 429. 0 disables the limit. Default: 120.</summary>
    [Range(0, int.MaxValue)]
    public int RequestsPerMinute { get; set; } = 120;

    /// <summary>Whether the initial project contains the services of <see cref="DemoSeed"/>. Default: true.</summary>
    public bool Seed { get; set; } = true;

    /// <summary>Seed of the metric values: the same seed and time give the same values. Default: 1.</summary>
    public int MetricsSeed { get; set; } = 1;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!World.AivenProject.IsName(Project))
        {
            yield return new ValidationResult(
                $"is '{Project}': use 1 to 63 lower-case letters, digits and hyphens, starting with a letter.",
                [nameof(Project)]
            );
        }

        if (!NodeAddresses.IsNetwork(NodeNetwork))
        {
            yield return new ValidationResult(
                $"is '{NodeNetwork}': use 'auto' or a part of loopback such as 127.41 or 127.41.7.0/24.",
                [nameof(NodeNetwork)]
            );
        }

        if (!IPEndPoint.TryParse(DnsListen, out var dns) || !IPAddress.IsLoopback(dns.Address))
        {
            yield return new ValidationResult(
                $"is '{DnsListen}': use a loopback address and a port, such as 127.0.0.1:0.",
                [nameof(DnsListen)]
            );
        }
    }
}
