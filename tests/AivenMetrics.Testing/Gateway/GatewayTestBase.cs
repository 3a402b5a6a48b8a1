using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>
/// Starts, for each test, one scripted Prometheus and a gateway with the default tenants in front of it. A class with other options
/// overrides <see cref="StartGatewayAsync"/>.
/// </summary>
public abstract class GatewayTestBase : IAsyncLifetime
{
    /// <summary>The Prometheus behind <see cref="Gateway"/>.</summary>
    protected ScriptedPrometheus Prometheus { get; private set; } = null!;

    /// <summary>The gateway under test.</summary>
    protected RunningGateway Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Prometheus = await ScriptedPrometheus.StartAsync();
        Gateway = await StartGatewayAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Gateway.DisposeAsync();
        await Prometheus.DisposeAsync();
    }

    /// <summary>Starts the gateway; <see cref="Prometheus"/> is running, and overrides can script its responses first.</summary>
    protected virtual Task<RunningGateway> StartGatewayAsync() => RunningGateway.StartAsync(Prometheus.Url);
}
