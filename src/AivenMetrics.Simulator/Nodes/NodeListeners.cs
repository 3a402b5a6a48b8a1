using System.Diagnostics.Metrics;
using AivenMetrics.Simulator.Metrics;
using AivenMetrics.Simulator.World;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Simulator.Nodes;

/// <summary>
/// Opens and closes metrics ports to match the simulation. It runs after every change and four times per second, because ports also
/// open after a delay.
/// </summary>
internal sealed class NodeListeners : BackgroundService
{
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(250);
    private readonly AivenWorld _world;
    private readonly NodeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger<NodeListeners> _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);

    // The key includes the certificate: a node with a new certificate gets a new listener, which closes old connections.
    private readonly Dictionary<(AivenNode Node, CertificateKind Certificate), NodeListener> _open = [];
    private volatile string? _problem;
    private volatile int _openCount;

    public NodeListeners(AivenWorld world, SimulatorOptions options, TimeProvider time, IMeterFactory meters, ILogger<NodeListeners> logger)
    {
        (_world, _time, _logger) = (world, time, logger);
        _metrics = new(options.MetricsSeed, time);
        meters
            .Create("AivenMetrics.Simulator")
            .CreateObservableGauge(
                "aivenmetrics_simulator_metrics_listeners",
                () => _openCount,
                description: "Metrics ports of nodes that are open."
            );
    }

    /// <summary>The error of a port that could not be opened; null if all ports are open.</summary>
    public string? Problem => _problem;

    /// <summary>Opens and closes ports until they match the simulation.</summary>
    public async Task ReconcileAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var wanted = _world.Synchronized(now =>
                _world
                    .Services.SelectMany(service =>
                        service.Nodes.Where(node => service.IsListening(node, now)).Select(node => (service, node))
                    )
                    .ToDictionary(pair => (Node: pair.node, pair.node.Certificate), pair => pair.service)
            );
            foreach (var key in _open.Keys.Except(wanted.Keys).ToList())
            {
                _open.Remove(key, out var closing);
                await closing!.DisposeAsync();
                _logger.MetricsPortClosed(key.Node.Name, key.Node.Address);
            }

            string? failure = null;
            foreach (var (key, service) in wanted.Where(pair => !_open.ContainsKey(pair.Key)))
            {
                failure = await OpenAsync(service, key, cancellationToken) ?? failure;
            }
            (_problem, _openCount) = (failure, _open.Count);
        }
        finally
        {
            _turn.Release();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await _turn.WaitAsync(CancellationToken.None);
        await Task.WhenAll(_open.Values.Select(listener => listener.DisposeAsync().AsTask()));
        _open.Clear();
        _turn.Release();
    }

    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await ReconcileAsync(stoppingToken);
                using var soon = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(_world.WaitForChangeAsync(soon.Token), Task.Delay(RefreshInterval, _time, soon.Token));
                await soon.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            _logger.ReconciliationStopped();
        }
    }

    private async Task<string?> OpenAsync(
        AivenService service,
        (AivenNode Node, CertificateKind Certificate) key,
        CancellationToken cancellationToken
    )
    {
        var node = key.Node;
        try
        {
            _open[key] = await NodeListener.OpenAsync(node.Address, () => TakeSnapshot(service, node), _metrics, cancellationToken);
            _logger.MetricsPortOpened(node.Name, node.Address);
            return null;
        }
        catch (IOException exception)
        {
            _logger.MetricsPortFailed(node.Name, node.Address, exception.Message);
            return $"The metrics port of {node.Name} at {node.Address} cannot be opened: {exception.Message}";
        }
    }

    private NodeSnapshot? TakeSnapshot(AivenService service, AivenNode node) =>
        _world.Synchronized(now =>
            service.Nodes.Contains(node) && service.IsListening(node, now) && service.Prometheus is { } integration
                ? new NodeSnapshot(
                    service.Certificates[node.Certificate],
                    (string?)integration.Endpoint.UserConfig["basic_auth_username"] ?? "",
                    (string?)integration.Endpoint.UserConfig["basic_auth_password"] ?? "",
                    NodeDescription.From(service, node, now)
                )
                : null
        );
}
