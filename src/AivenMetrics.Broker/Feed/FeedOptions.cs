namespace AivenMetrics.Broker.Feed;

/// <summary>Who may read the feeds. Configuration section <c>Broker:Feed</c>.</summary>
public sealed class FeedOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Broker:Feed";

    /// <summary>The token of discovery, for <c>/feed/v1/targets</c>. A secret; no default.</summary>
    public string DiscoveryToken { get; set; } = "";

    /// <summary>The token of the gateways, for <c>/feed/v1/credentials</c>. A secret; no default.</summary>
    public string GatewayToken { get; set; } = "";

    /// <summary>All faults of these options, each a sentence that names the key and says how to mend it.</summary>
    public IEnumerable<string> Validate()
    {
        foreach (var (key, token) in new[] { (nameof(DiscoveryToken), DiscoveryToken), (nameof(GatewayToken), GatewayToken) })
        {
            if (string.IsNullOrWhiteSpace(token))
            {
                yield return $"{Section}:{key} is missing: set it with the environment variable AIVENMETRICS_Broker__Feed__{key} "
                    + $"or in a file named by {Section}:{key}File.";
            }
            else if (token.Any(c => c is <= ' ' or > '~'))
            {
                yield return $"{Section}:{key} holds a space or a character that an HTTP header cannot carry: check what was pasted.";
            }
        }
        if (DiscoveryToken.Length > 0 && DiscoveryToken == GatewayToken)
        {
            yield return $"{Section}:DiscoveryToken and {Section}:GatewayToken are the same: a gateway must not be able to read "
                + "the scrape credentials, so give each its own.";
        }
    }
}
