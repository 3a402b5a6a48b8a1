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
    BindingDecisions decisions,
    ReconcilerLock leadership,
    StateSignals signals,
    AivenOptions options,
    ReconcilerTelemetry telemetry,
    ILogger<Reconciler> logger,
    TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(1);

    // Gateways may ask another broker, which cannot wake us.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestImpatience = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var lease = await leadership.TryAcquire(stoppingToken);
                if (lease is not null) await Lead(lease, stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                logger.LogError(fault, "Reconciliation starts over");
            }

            telemetry.Leads(false);
            await Pause(Watch, stoppingToken);
        }
    }

    private async Task Lead(ReconcilerLease lease, CancellationToken ct)
    {
        logger.LogInformation("This broker reconciles now");
        telemetry.Leads(true);
        using var term = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<Task> loops = [.. options.Projects.Select(name => Loop(new AivenProject(name), term.Token)), DecideBinds(term.Token)];
        try
        {
            while (await lease.IsHeld(ct))
            {
                try
                {
                    if (await decisions.AnyUnread(ct)) signals.Intent.Notify();
                }
                catch (Exception fault) when (fault is not OperationCanceledException)
                {
                    logger.LogWarning("Waiting binds cannot be read: {Problem}", fault.Message);
                }

                await Task.Delay(Watch, time, ct);
            }

            logger.LogWarning("The reconciler's lock was lost: another broker may reconcile now");
        }
        finally
        {
            await term.CancelAsync();
            await Task.WhenAll(loops);
        }
    }

    private async Task Loop(AivenProject project, CancellationToken ct)
    {
        var cycle = cycles(project);
        var hurried = 0;
        while (!ct.IsCancellationRequested)
        {
            var seen = signals.Intent.Version;
            var settled = await Cycle(project, cycle, ct);
            hurried = settled ? 0 : hurried + 1;
            // Something is open: look again soon, but ever later.
            var wait = settled ? options.Interval : Shorter(options.Interval, Shorter(LongestImpatience, Watch * Math.Pow(2, Math.Min(hurried, 10) - 1)));
            await Pause(options.MinimumInterval, ct);
            if (ct.IsCancellationRequested) return;
            try
            {
                await signals.Intent.Wait(seen, wait - options.MinimumInterval, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>One cycle with all its faults caught.</summary>
    /// <returns>True: all that is needed is settled; false: a cycle soon may get further.</returns>
    private async Task<bool> Cycle(AivenProject project, ProjectCycle cycle, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var (settled, succeeded) = (false, false);
        try
        {
            decisions.Began(project);
            var readAt = time.GetUtcNow();
            var outcome = await cycle.Run(ct);
            decisions.Publish(project, outcome, readAt);
            (settled, succeeded) = (outcome.Services.All(decisions.IsSettled), true);
        }
        catch (Exception fault) when (fault is AivenException or AivenUnreachableException)
        {
            logger.LogWarning("Project {Project} stays as it was: {Problem}", project.Value, fault.Message);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "The cycle of project {Project} failed", project.Value);
        }

        if (!succeeded) decisions.Failed(project);
        telemetry.Cycled(project, time.GetElapsedTime(began), succeeded);
        signals.Result.Notify();
        return settled;
    }

    private async Task DecideBinds(CancellationToken ct)
    {
        var woken = new SignalSet(signals.Intent, signals.Accepted, decisions.Published);
        while (!ct.IsCancellationRequested)
        {
            var seen = woken.Versions;
            var wait = Watch;
            try
            {
                wait = await decisions.Decide(ct) ? Poll : Watch;
            }
            catch (Exception fault) when (fault is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                // Woken again at once, it would fail at once: the database is given a moment.
                logger.LogError(fault, "Waiting binds could not be decided");
                await Pause(Watch, ct);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await woken.Wait(seen, wait, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Pause(TimeSpan span, CancellationToken ct)
    {
        try
        {
            await Task.Delay(span, time, ct);
        }
        catch (OperationCanceledException)
        {
            // The caller looks at the token.
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
