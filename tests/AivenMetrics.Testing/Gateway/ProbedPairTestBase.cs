using AivenMetrics.Gateway.Destinations;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Testing.Gateway;

/// <summary>Starts, for each test, a gateway in front of both servers and waits until it has probed them.</summary>
public abstract class ProbedPairTestBase : DestinationPairTestBase
{
    /// <summary>The gateway under test.</summary>
    protected RunningGateway Gateway { get; private set; } = null!;

    /// <summary>The gateway's view of both servers.</summary>
    private protected DestinationPool Destinations { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Gateway = await StartGatewayAsync();
        Destinations = Gateway.Provider.GetRequiredService<DestinationPool>();
        await Gateway.WaitUntilAsync(() => Destinations.All().All(d => d.IsUsable && d.NewestSampleAge is not null), "the first probes");
    }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        First.Hang?.TrySetResult();
        Second.Hang?.TrySetResult();
        await Gateway.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <summary>Starts the gateway; both servers are running, and overrides can script their responses first.</summary>
    protected virtual Task<RunningGateway> StartGatewayAsync() => RunningGateway.StartAsync(First.Url, Second.Url);
}
