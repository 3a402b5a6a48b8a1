namespace AivenMetrics.Broker.Feed;

/// <summary>Who may read the feeds (<c>Broker:Feed</c>).</summary>
public sealed class FeedOptions
{
    /// <summary>Discovery's token, a secret.</summary>
    public string DiscoveryToken { get; set; } = "";

    /// <summary>The gateways' token, a secret.</summary>
    public string GatewayToken { get; set; } = "";

    /// <summary>All faults, as sentences that name the key.</summary>
    public IEnumerable<string> Faults()
    {
        if (DiscoveryToken.Length == 0)
            yield return "Broker:Feed:DiscoveryToken is missing: set it with the environment variable "
                + "AIVENMETRICS_Broker__Feed__DiscoveryToken or in a file named by Broker:Feed:DiscoveryTokenFile.";
        if (GatewayToken.Length == 0)
            yield return "Broker:Feed:GatewayToken is missing: set it with the environment variable "
                + "AIVENMETRICS_Broker__Feed__GatewayToken or in a file named by Broker:Feed:GatewayTokenFile.";
        if (DiscoveryToken.Length > 0 && DiscoveryToken == GatewayToken)
            yield return "Broker:Feed:DiscoveryToken and Broker:Feed:GatewayToken are equal: each role needs a token of its own.";
    }
}
