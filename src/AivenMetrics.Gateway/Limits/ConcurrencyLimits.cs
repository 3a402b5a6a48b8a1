using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.Limits;

/// <summary>The places that all tenants share, by what they are scarce for.</summary>
internal sealed class ConcurrencyLimits(GatewayOptions options, TimeProvider time)
{
    private const int MaxFilteredResponses = 4;

    /// <summary>Requests that wait for a Prometheus to begin its answer.</summary>
    public FairQueue Queries { get; } = new(options.UpstreamConcurrency, time);

    /// <summary>Answers that are read whole and filtered here; each can be large.</summary>
    public FairQueue FilteredResponses { get; } = new(MaxFilteredResponses, time);

    /// <summary>Remote reads until they are read to their end: for so long each holds one of the few that a Prometheus takes at once.</summary>
    public FairQueue RemoteReads { get; } = new(options.RemoteReadConcurrency, time);
}
