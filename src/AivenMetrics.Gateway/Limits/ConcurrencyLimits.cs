using AivenMetrics.Gateway.Configuration;

namespace AivenMetrics.Gateway.Limits;

/// <summary>The slots that all tenants share, one queue for each scarce resource.</summary>
internal sealed class ConcurrencyLimits(GatewayOptions options, TimeProvider time)
{
    private const int MaxFilteredResponses = 4;

    /// <summary>Requests that wait for the start of a response.</summary>
    public FairQueue Queries { get; } = new(options.UpstreamConcurrency, time);

    /// <summary>Responses that the gateway buffers and filters. Each can be large.</summary>
    public FairQueue FilteredResponses { get; } = new(MaxFilteredResponses, time);

    /// <summary>
    /// Remote reads until their client has read the response: until then each uses one of the few slots of a Prometheus server.
    /// </summary>
    public FairQueue RemoteReads { get; } = new(options.RemoteReadConcurrency, time);
}
