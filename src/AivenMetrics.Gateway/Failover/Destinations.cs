namespace AivenMetrics.Gateway.Failover;

/// <summary>All Prometheus servers in the order of the configuration, the usual one first.</summary>
internal sealed class Destinations : IDisposable
{
    /// <summary>
    /// How long a destination must not have failed before it gets its place back. Shorter, and graphs flip between replicas while one
    /// is restarting; longer, and the usual one stays unused for nothing.
    /// </summary>
    public static readonly TimeSpan ReturnAfter = TimeSpan.FromSeconds(10);

    private readonly Destination[] configured;

    public Destinations(GatewayOptions options, TimeProvider time) =>
        configured = [.. options.Prometheus.Select((url, index) => new Destination(index + 1, url, time))];

    /// <summary>In the order of the configuration.</summary>
    public IReadOnlyList<Destination> Ordered() => configured;

    /// <summary>At least one is usable as far as is known.</summary>
    public bool AnyUsable => Array.Exists(configured, d => d.IsUsable);

    /// <summary>In the order to try: those that did not fail lately, then the others, each as configured.</summary>
    public IReadOnlyList<Destination> ToTry()
    {
        if (!Array.Exists(configured, d => d.IsDemoted))
            return configured;
        return configured.OrderBy(d => d.IsDemoted).ToArray();
    }

    /// <summary>The lowest version among those that said one, because a client must not expect what one of them lacks; null if none did.</summary>
    public string? LowestVersion() => configured
        .Select(d => d.Version)
        .OfType<string>()
        .MinBy(System.Version.Parse);

    public void Dispose() => Array.ForEach(configured, d => d.Dispose());
}
