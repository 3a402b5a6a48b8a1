using AivenMetrics.Broker;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Discovery;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Hosting.Configuration;
using AivenMetrics.Simulator;

namespace AivenMetrics.Testing;

/// <summary>Validates options as the programs do, and returns the errors as sentences with the full configuration key.</summary>
internal static class OptionsValidation
{
    public static IReadOnlyList<string> Validate(this BrokerOptions options) => OptionsValidator.Validate(options, BrokerOptions.Section);

    public static IReadOnlyList<string> Validate(this AivenOptions options) => OptionsValidator.Validate(options, AivenOptions.Section);

    public static IReadOnlyList<string> Validate(this CatalogOptions options) => OptionsValidator.Validate(options, CatalogOptions.Section);

    public static IReadOnlyList<string> Validate(this FeedOptions options) => OptionsValidator.Validate(options, FeedOptions.Section);

    public static IReadOnlyList<string> Validate(this DiscoveryOptions options) =>
        OptionsValidator.Validate(options, DiscoveryOptions.Section);

    public static IReadOnlyList<string> Validate(this GatewayOptions options) =>
        OptionsValidator.Validate(options, GatewayOptions.Section, GatewayOptionsValidator.Validate(options));

    public static IReadOnlyList<string> Validate(this FailoverOptions options) => OptionsValidator.Validate(options, "Gateway:Failover");

    public static IReadOnlyList<string> Validate(this SimulatorOptions options) =>
        OptionsValidator.Validate(options, SimulatorOptions.Section);
}
