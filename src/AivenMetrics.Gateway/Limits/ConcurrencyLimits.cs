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
    /// Remote reads. A slot is held until the client has received the response, because until then a Prometheus server holds one of its few
    /// slots too.
    /// </summary>
    public FairQueue RemoteReads { get; } = new(options.RemoteReadConcurrency, time);
}
