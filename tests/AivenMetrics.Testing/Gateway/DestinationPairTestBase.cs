using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>Starts two scripted Prometheus servers for each test, as a pair of replicas behind one gateway.</summary>
public abstract class DestinationPairTestBase : IAsyncLifetime
{
    /// <summary>The server that a gateway names <c>prometheus-1</c>.</summary>
    protected ScriptedPrometheus First { get; private set; } = null!;

    /// <summary>The server that a gateway names <c>prometheus-2</c>.</summary>
    protected ScriptedPrometheus Second { get; private set; } = null!;

    public virtual async ValueTask InitializeAsync() =>
        (First, Second) = (await ScriptedPrometheus.StartAsync(), await ScriptedPrometheus.StartAsync());

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await First.DisposeAsync();
        await Second.DisposeAsync();
    }
}
