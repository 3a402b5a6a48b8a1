using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// Reconciles Aiven with the bindings, in one broker at a time. While it holds the lock: 1. one loop per project runs a cycle after a
/// signal or the interval, so that a slow project does not delay others; 2. one loop evaluates pending binds after a new bind, a cycle or
/// an acknowledgement, so that a bind of settled services waits for no cycle; 3. a watcher stops all loops when the lock is lost, and wakes
/// them for binds of other brokers. Failures never end the reconciler: every cycle reads all state again.
/// </summary>
internal sealed class Reconciler(
    Func<AivenProject, ProjectCycle> cycles,
    BindEvaluator evaluator,
    ReconcilerLock reconcilerLock,
    StateSignals signals,
    AivenOptions options,
    ReconcilerMetrics metrics,
    ILogger<Reconciler> logger,
    TimeProvider time
) : BackgroundService
{
    private static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(1);

    // Gateways may poll another broker, which cannot notify this process.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MaximumRecheckInterval = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var lease = await reconcilerLock.TryAcquireAsync(stoppingToken);
                if (lease is not null)
                {
                    await LeadAsync(lease, stoppingToken);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                logger.ReconciliationFailed(exception);
            }

            metrics.SetLeader(false);
            await DelayAsync(CheckInterval, stoppingToken);
        }
    }

    private async Task LeadAsync(ReconcilerLease lease, CancellationToken cancellationToken)
    {
        logger.LeadershipAcquired();
        metrics.SetLeader(true);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> loops =
        [
            .. options.Projects.Select(name => RunProjectAsync(new AivenProject(name), term.Token)),
            EvaluateBindsAsync(term.Token),
        ];
        try
        {
            while (await lease.IsHeldAsync(cancellationToken))
            {
                try
                {
                    if (await evaluator.HasUnreadBindsAsync(cancellationToken))
                    {
                        signals.DesiredStateChanged.Notify();
                    }
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    logger.PendingBindsNotRead(exception.Message);
                }

                await Task.Delay(CheckInterval, time, cancellationToken);
            }

            logger.LeadershipLost();
        }
        finally
        {
            await term.CancelAsync();
            await Task.WhenAll(loops);
        }
    }

    private async Task RunProjectAsync(AivenProject project, CancellationToken cancellationToken)
    {
        var cycle = cycles(project);
        var unsettledCycles = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var seen = signals.DesiredStateChanged.Version;
            var settled = await RunCycleAsync(project, cycle, cancellationToken);
            unsettledCycles = settled ? 0 : unsettledCycles + 1;
            // Unsettled services are checked again soon, with growing intervals.
            var wait = settled
                ? options.Interval
                : Minimum(
                    options.Interval,
                    Minimum(MaximumRecheckInterval, CheckInterval * Math.Pow(2, Math.Min(unsettledCycles, 10) - 1))
                );
            await DelayAsync(options.MinimumInterval, cancellationToken);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            try
            {
                await signals.DesiredStateChanged.WaitAsync(seen, wait - options.MinimumInterval, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Runs one cycle and handles all its failures.</summary>
    /// <returns>True if all needed services are settled; false if another cycle may make progress.</returns>
    private async Task<bool> RunCycleAsync(AivenProject project, ProjectCycle cycle, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var (settled, succeeded) = (false, false);
        try
        {
            evaluator.CycleStarted(project);
            var readAt = time.GetUtcNow();
            var outcome = await cycle.RunAsync(cancellationToken);
            evaluator.CycleSucceeded(project, outcome, readAt);
            (settled, succeeded) = (outcome.Services.All(evaluator.IsSettled), true);
        }
        catch (Exception exception) when (exception is AivenException or AivenUnreachableException)
        {
            logger.AivenFailed(project.Value, exception.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            logger.CycleFailed(project.Value, exception);
        }

        if (!succeeded)
        {
            evaluator.CycleFailed(project);
        }
        metrics.RecordCycle(project, time.GetElapsedTime(startedAt), succeeded);
        signals.ObservedStateChanged.Notify();
        return settled;
    }

    private async Task EvaluateBindsAsync(CancellationToken cancellationToken)
    {
        var wakeSignals = new StateSignalSet(signals.DesiredStateChanged, signals.GatewayAcknowledged, evaluator.CycleEnded);
        while (!cancellationToken.IsCancellationRequested)
        {
            var seen = wakeSignals.Versions;
            var wait = CheckInterval;
            try
            {
                wait = await evaluator.EvaluatePendingAsync(cancellationToken) ? PollInterval : CheckInterval;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // An immediate retry would fail again, so the database gets time to recover.
                logger.EvaluationFailed(exception);
                await DelayAsync(CheckInterval, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await wakeSignals.WaitAsync(seen, wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task DelayAsync(TimeSpan span, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(span, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The caller checks the token.
        }
    }

    private static TimeSpan Minimum(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
