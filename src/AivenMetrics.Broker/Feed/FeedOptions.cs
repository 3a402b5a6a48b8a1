using System.ComponentModel.DataAnnotations;

namespace AivenMetrics.Broker.Feed;

/// <summary>Options of the feeds. Configuration section <c>Broker:Feed</c>.</summary>
public sealed class FeedOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Broker:Feed";

    /// <summary>Token of discovery, for <c>/feed/v1/targets</c>. A secret; no default.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Broker__Feed__DiscoveryToken or in a file named by "
            + "Broker:Feed:DiscoveryTokenFile"
    )]
    public string DiscoveryToken { get; set; } = "";

    /// <summary>Token of the gateways, for <c>/feed/v1/credentials</c>. A secret; no default.</summary>
    [Required(
        ErrorMessage = "set it with the environment variable AIVENMETRICS_Broker__Feed__GatewayToken or in a file named by "
            + "Broker:Feed:GatewayTokenFile"
    )]
    public string GatewayToken { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (key, token) in new[] { (nameof(DiscoveryToken), DiscoveryToken), (nameof(GatewayToken), GatewayToken) })
        {
            if (!string.IsNullOrWhiteSpace(token) && token.Any(character => character is <= ' ' or > '~'))
            {
                yield return new ValidationResult(
                    "contains a space or a character that an HTTP header cannot contain: check the token.",
                    [key]
                );
            }
        }

        if (DiscoveryToken.Length > 0 && DiscoveryToken == GatewayToken)
        {
            yield return new ValidationResult(
                "are the same: gateways must not be able to read the scrape credentials. Give each its own token.",
                [nameof(DiscoveryToken), nameof(GatewayToken)]
            );
        }
    }
}
