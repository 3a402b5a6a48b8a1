using System.Diagnostics.Metrics;
using AivenMetrics.Simulator.Metrics;
using AivenMetrics.Simulator.World;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Simulator.Nodes;

/// <summary>
/// Keeps the open metrics ports equal to what the world says, level-triggered: it looks after every change and four times a
/// second, because time alone also opens ports.
/// </summary>
internal sealed class NodeListeners : BackgroundService
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(250);
    private readonly AivenWorld world;
    private readonly NodeMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger<NodeListeners> logger;
    private readonly SemaphoreSlim turn = new(1, 1);
    // By certificate too: a node that gets another one starts afresh, so that no connection outlives the one it was made with.
    private readonly Dictionary<(AivenNode Node, CertificateKind Certificate), NodeListener> open = [];
    private volatile string? problem;
    private volatile int openCount;

    public NodeListeners(AivenWorld world, SimulatorOptions options, TimeProvider time, IMeterFactory meters, ILogger<NodeListeners> logger)
    {
        (this.world, this.time, this.logger) = (world, time, logger);
        metrics = new(options.MetricsSeed, time);
        meters.Create("AivenMetrics.Simulator").CreateObservableGauge(
            "aivenmetrics_simulator_metrics_listeners", () => openCount, description: "Metrics ports of nodes that are open.");
    }

    /// <summary>Why a port could not be opened at the last look; null when all is well.</summary>
    public string? Problem => problem;

    /// <summary>Opens and closes ports until they are as the world has them now.</summary>
    public async Task Apply(CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            var wanted = world.Within(now => world.Services
                .SelectMany(service => service.Nodes.Where(node => service.Listens(node, now)).Select(node => (service, node)))
                .ToDictionary(pair => (Node: pair.node, pair.node.Certificate), pair => pair.service));
            foreach (var key in open.Keys.Except(wanted.Keys).ToList())
            {
                open.Remove(key, out var closing);
                await closing!.DisposeAsync();
                logger.LogInformation("Metrics port of {Node} at {Address} closed", key.Node.Name, key.Node.Address);
            }

            string? failure = null;
            foreach (var (key, service) in wanted.Where(pair => !open.ContainsKey(pair.Key)))
                failure = await Open(service, key, cancellation) ?? failure;
            (problem, openCount) = (failure, open.Count);
        }
        finally
        {
            turn.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await turn.WaitAsync(CancellationToken.None);
        await Task.WhenAll(open.Values.Select(listener => listener.DisposeAsync().AsTask()));
        open.Clear();
        turn.Release();
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Apply(stoppingToken);
                using var soon = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(world.Touched(soon.Token), Task.Delay(LookAgain, time, soon.Token));
                await soon.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            logger.LogDebug("No longer opening metrics ports");
        }
    }

    private async Task<string?> Open(
        AivenService service, (AivenNode Node, CertificateKind Certificate) key, CancellationToken cancellation)
    {
        var node = key.Node;
        try
        {
            open[key] = await NodeListener.Open(node.Address, () => Look(service, node), metrics, cancellation);
            logger.LogInformation("Metrics port of {Node} open at {Address}", node.Name, node.Address);
            return null;
        }
        catch (IOException fault)
        {
            logger.LogError("Metrics port of {Node} at {Address} cannot be opened: {Reason}", node.Name, node.Address, fault.Message);
            return $"The metrics port of {node.Name} at {node.Address} cannot be opened: {fault.Message}";
        }
    }

    private NodePicture? Look(AivenService service, AivenNode node) => world.Within(now =>
        service.Nodes.Contains(node) && service.Listens(node, now) && service.Prometheus is { } integration
            ? new NodePicture(
                service.Certificates[node.Certificate],
                (string?)integration.Endpoint.UserConfig["basic_auth_username"] ?? "",
                (string?)integration.Endpoint.UserConfig["basic_auth_password"] ?? "",
                NodeFacts.Of(service, node, now))
            : null);
}
