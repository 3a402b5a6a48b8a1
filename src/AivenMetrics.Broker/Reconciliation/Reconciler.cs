using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Reconciliation;

/// <summary>
/// Keeps Aiven as the bindings want it, in one broker at a time. While it holds the lock:
/// 1. one loop per project runs a cycle when woken or when the interval is over, so that one project that hangs holds up no
///    other; 2. one loop decides the waiting binds when one came, a cycle ended or a gateway accepted: a bind of services that
///    were settled already waits for no cycle; 3. a watcher gives up when the lock is lost, and wakes the loops for binds that
///    other brokers answered. No fault ends it: everything is read anew in the next cycle.
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

    // Gateways may ask another broker, which cannot wake us.
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
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                logger.LogError(fault, "Reconciliation starts over");
            }

            metrics.SetLeader(false);
            await DelayAsync(CheckInterval, stoppingToken);
        }
    }

    private async Task LeadAsync(ReconcilerLease lease, CancellationToken cancellationToken)
    {
        logger.LogInformation("This broker reconciles now");
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
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    logger.LogWarning("Waiting binds cannot be read: {Problem}", fault.Message);
                }

                await Task.Delay(CheckInterval, time, cancellationToken);
            }

            logger.LogWarning("The reconciler's lock was lost: another broker may reconcile now");
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
        var hurried = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            var seen = signals.DesiredStateChanged.Version;
            var settled = await RunCycleAsync(project, cycle, cancellationToken);
            hurried = settled ? 0 : hurried + 1;
            // Something is open: look again soon, but ever later.
            var wait = settled
                ? options.Interval
                : Minimum(options.Interval, Minimum(MaximumRecheckInterval, CheckInterval * Math.Pow(2, Math.Min(hurried, 10) - 1)));
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

    /// <summary>One cycle with all its faults caught.</summary>
    /// <returns>True: all that is needed is settled; false: a cycle soon may get further.</returns>
    private async Task<bool> RunCycleAsync(AivenProject project, ProjectCycle cycle, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var (settled, succeeded) = (false, false);
        try
        {
            evaluator.CycleStarted(project);
            var readAt = time.GetUtcNow();
            var outcome = await cycle.RunAsync(cancellationToken);
            evaluator.CycleSucceeded(project, outcome, readAt);
            (settled, succeeded) = (outcome.Services.All(evaluator.IsSettled), true);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            logger.LogWarning("Project {Project} stays as it was: {Problem}", project.Value, fault.Message);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "The cycle of project {Project} failed", project.Value);
        }

        if (!succeeded)
        {
            evaluator.CycleFailed(project);
        }
        metrics.RecordCycle(project, time.GetElapsedTime(began), succeeded);
        signals.ObservedStateChanged.Notify();
        return settled;
    }

    private async Task EvaluateBindsAsync(CancellationToken cancellationToken)
    {
        var woken = new StateSignalSet(signals.DesiredStateChanged, signals.GatewayAcknowledged, evaluator.CycleEnded);
        while (!cancellationToken.IsCancellationRequested)
        {
            var seen = woken.Versions;
            var wait = CheckInterval;
            try
            {
                wait = await evaluator.EvaluatePendingAsync(cancellationToken) ? PollInterval : CheckInterval;
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                // Woken again at once, it would fail at once: the database is given a moment.
                logger.LogError(fault, "Waiting binds could not be decided");
                await DelayAsync(CheckInterval, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await woken.WaitAsync(seen, wait, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            // The caller looks at the token.
        }
    }

    private static TimeSpan Minimum(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
