using System.ComponentModel.DataAnnotations;
using System.Net;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator;

/// <summary>What the simulator pretends to be, and how slowly. The delays can also be changed at run time by its admin API.</summary>
public sealed class SimulatorOptions : IValidatableObject
{
    /// <summary>The configuration section these options are bound from.</summary>
    public const string Section = "Simulator";

    /// <summary>
    /// The API token that <c>/v1</c> accepts, as <c>Authorization: aivenv1 …</c> or <c>Bearer …</c>; a secret without default.
    /// The admin API asks for none: listen on loopback only.
    /// </summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Simulator__Token or in a file named by Simulator:TokenFile"
    )]
    public string Token { get; set; } = "";

    /// <summary>Name of the project that exists at start; default <c>demo</c>.</summary>
    public string Project { get; set; } = "demo";

    /// <summary>
    /// Where the nodes live: a prefix of loopback such as <c>127.41</c> (or <c>127.41.0.0/16</c>, <c>127.41.7.0/24</c>);
    /// <c>auto</c> takes the first /24 from 127.42.0.0 on that no other simulator of this machine holds. Default <c>127.41</c>.
    /// </summary>
    public string NodeNetwork { get; set; } = "127.41";

    /// <summary>Loopback address and port of the DNS server, UDP and TCP; port 0 takes a free one. Default <c>127.0.0.1:0</c>.</summary>
    public string DnsListen { get; set; } = "127.0.0.1:0";

    /// <summary>Time from the creation of an integration until it is <c>active</c>; default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan IntegrationDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time from the creation of an integration until the nodes serve metrics; default 60 s, as Aiven documents.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan ListenerDelay { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a new service or integration is still 404 when read by its own address; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan NotFoundWindow { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time a service is <c>REBUILDING</c> after create or power-on, <c>REBALANCING</c> after a change; default 3 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan BuildTime { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>Calls allowed in any 60 s; further ones are answered 429. 0 switches the limit off. Default 120.</summary>
    [Range(0, int.MaxValue)]
    public int RequestsPerMinute { get; set; } = 120;

    /// <summary>Whether to fill the project with <see cref="DemoSeed"/>; default true.</summary>
    public bool Seed { get; set; } = true;

    /// <summary>Chooses the values of the metrics: the same seed and time give the same values; default 1.</summary>
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
