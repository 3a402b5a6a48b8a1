using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using AivenMetrics.Tests.Broker.Aiven;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>The loops: who wakes them, and what never ends them. On the real clock.</summary>
public sealed class ReconcilerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bind_wakes_the_loop_and_is_told_when_it_is_done()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);
        await run.FirstCycle();
        var binding = await bed.Bind("forecast-db");
        var seen = run.Signals.Result.Version;
        run.Signals.Intent.Notify();
        await run.Signals.Result.Wait(seen, Patience, Ct);
        var told = await run.Done(binding);
        Assert.Equal(
            "3 of 4 services deliver metrics. The plan of prod-da7aba5e-0004-4a10-8b04-00000000a104 (hobbyist) has no integrations: choose a larger plan.",
            told.Description);
    }

    [Fact]
    public async Task A_bind_that_another_broker_answered_is_noticed_without_a_signal()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);
        await run.FirstCycle();
        await run.Done(await bed.Bind("beacons-db", "beacons-db"));
    }

    [Fact]
    public async Task A_project_that_fails_holds_up_no_other()
    {
        await using var bed = await ReconciliationBed.Start();
        bed.Options.Projects.Add("ghost");
        await using var run = await Run.Start(bed);
        var named = await bed.Bind("forecast-db", "forecast-db");
        var space = await bed.Bind("forecast-db");
        Assert.Equal("1 of 1 service delivers metrics.", (await run.Done(named)).Description);
        var waiting = await bed.Bindings.Find(space.InstanceId, space.BindingId, Ct);
        Assert.Equal(OperationState.InProgress, waiting!.OperationState);
    }

    [Fact]
    public async Task While_Aiven_is_down_a_bind_waits_and_then_succeeds()
    {
        await using var bed = await ReconciliationBed.Start();
        await bed.Fault(new { path = "*", status = 500, count = 3 });
        await using var run = await Run.Start(bed);
        var binding = await bed.Bind("beacons-db");
        var told = await run.Done(binding);
        Assert.StartsWith("2 of 3 services deliver metrics.", told.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_broker_reconciles_and_the_other_takes_over()
    {
        await using var bed = await ReconciliationBed.Start();
        var first = await Run.Start(bed);
        await first.FirstCycle();
        await using var second = await Run.Start(bed);
        await bed.Calls();
        await Task.Delay(1500, Ct);
        Assert.Empty(await bed.Calls());
        await first.DisposeAsync();
        await second.Done(await bed.Bind("beacons-db"));
    }

    /// <summary>A running reconciler.</summary>
    private sealed class Run(ReconciliationBed bed, Reconciler reconciler, StateSignals signals) : IAsyncDisposable
    {
        public StateSignals Signals { get; } = signals;

        public static async Task<Run> Start(ReconciliationBed bed)
        {
            var signals = new StateSignals(TimeProvider.System);
            var decisions = new BindingDecisions([.. bed.Options.Projects.Select(name => new AivenProject(name))], bed.Bindings, NullLogger.Instance);
            var reconciler = new Reconciler(
                project => bed.NewCycle(project.Value, TimeProvider.System), decisions, new ReconcilerLock(bed.Database), signals, bed.Options,
                new ReconcilerTelemetry(new Meters()), NullLogger<Reconciler>.Instance, TimeProvider.System);
            await reconciler.StartAsync(Ct);
            return new(bed, reconciler, signals);
        }

        /// <summary>The inventory is saved early in the first cycle; the signal comes at its end.</summary>
        public async Task FirstCycle() => await Until(() => Task.FromResult(Signals.Result.Version > 0));

        public async Task<BindingRecord> Done(BindingRecord binding)
        {
            BindingRecord? now = null;
            await Until(async () => (now = await bed.Bindings.Find(binding.InstanceId, binding.BindingId, Ct))!.OperationState == OperationState.Succeeded);
            return now!;
        }

        public async ValueTask DisposeAsync()
        {
            await reconciler.StopAsync(CancellationToken.None);
            reconciler.Dispose();
        }

        private static async Task Until(Func<Task<bool>> reached)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            patience.CancelAfter(Patience);
            while (!await reached()) await Task.Delay(20, patience.Token);
        }
    }
}
