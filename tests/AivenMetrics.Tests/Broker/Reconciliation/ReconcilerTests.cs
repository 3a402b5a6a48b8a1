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

    [Fact]
    public async Task A_bind_waits_for_the_gateways_and_says_so()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed, gateway: false);
        await run.FirstCycle();
        var binding = await bed.Bind("forecast-db", "forecast-db");
        run.Signals.Intent.Notify();
        await run.When(binding, now => now.Description == "No gateway has asked for credentials yet: ask the operator.");

        var store = new GatewayStore(bed.Database);
        await store.Report("gateway-1", null, true, Ct);
        await store.Report("gateway-2", await store.Now(Ct), true, Ct);
        await run.When(binding, now => now.Description == "Waiting for the gateways to accept the credential (1 of 2 has).");
        await store.Report("gateway-1", await store.Now(Ct), false, Ct);
        await run.Done(binding);
    }

    [Fact]
    public async Task A_bind_of_services_that_are_settled_waits_for_no_cycle()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);
        await run.Done(await bed.Bind("forecast-db"));
        await Task.Delay(1500, Ct);
        await bed.Fault(new { path = "*", status = 500, count = 1000 });

        var told = await run.Done(await bed.Bind("forecast-db"));

        Assert.StartsWith("3 of 4 services deliver metrics.", told.Description, StringComparison.Ordinal);
        Assert.Equal(4, BindingSnapshot.Of(told.Snapshot!).Services.Count);
    }

    [Fact]
    public async Task A_bind_of_services_that_nobody_needed_is_not_taken_for_settled()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);
        await run.Done(await bed.Bind("forecast-db"));
        await Task.Delay(1500, Ct);
        await bed.Fault(new { path = "*", status = 500, count = 1000 });

        var other = await bed.Bind("beacons-db");
        await Task.Delay(500, Ct);

        Assert.Equal(OperationState.InProgress, (await bed.Bindings.Find(other.InstanceId, other.BindingId, Ct))!.OperationState);
    }

    [Fact]
    public async Task The_outcome_of_a_bind_is_in_the_audit_trail()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);

        var binding = await run.Done(await bed.Bind("forecast-db", "forecast-db"));

        var entry = Assert.Single(await new AuditStore(bed.Database).Of(binding.InstanceId, Ct));
        Assert.Equal(("Bind", Actor.Broker, AuditResult.Succeeded, binding.Description), (entry.Action, entry.Actor, entry.Result, entry.Description));
    }

    [Fact]
    public async Task A_bind_of_services_none_of_which_can_deliver_fails_with_the_reasons()
    {
        await using var bed = await ReconciliationBed.Start();
        await using var run = await Run.Start(bed);

        var failed = await run.When(await bed.Bind("forecast-db", "forecast-scratch"), now => now.OperationState == OperationState.Failed);

        Assert.Equal(
            "0 of 1 service delivers metrics. The plan of prod-da7aba5e-0004-4a10-8b04-00000000a104 (hobbyist) has no integrations: choose a larger plan.",
            failed.Description);
    }

    /// <summary>A running reconciler.</summary>
    private sealed class Run(ReconciliationBed bed, Reconciler reconciler, StateSignals signals) : IAsyncDisposable
    {
        private readonly CancellationTokenSource ended = new();
        private Task gateways = Task.CompletedTask;

        public StateSignals Signals { get; } = signals;

        public static async Task<Run> Start(ReconciliationBed bed, bool gateway = true, bool waitsForSamples = false)
        {
            var signals = new StateSignals(TimeProvider.System);
            var gateways = new GatewayStore(bed.Database);
            var decisions = new BindingDecisions(
                new([.. bed.Options.Projects.Select(name => new AivenProject(name))], TimeSpan.FromMinutes(1), waitsForSamples), bed.Bindings, gateways,
                new FactStore(bed.Database), signals, TimeProvider.System, NullLogger.Instance);
            var reconciler = new Reconciler(
                project => bed.NewCycle(project.Value, TimeProvider.System), decisions, new ReconcilerLock(bed.Database), signals, bed.Options,
                new ReconcilerTelemetry(new Meters()), NullLogger<Reconciler>.Instance, TimeProvider.System);
            await reconciler.StartAsync(Ct);
            var run = new Run(bed, reconciler, signals);
            if (gateway) run.gateways = run.Accept(gateways);
            return run;
        }

        /// <summary>A gateway that has accepted everything at once.</summary>
        public async Task Accept(GatewayStore store)
        {
            while (!ended.IsCancellationRequested)
            {
                await store.Report("gateway-1", await store.Now(Ct), false, Ct);
                Signals.Accepted.Notify();
                await Task.Delay(20, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        /// <summary>The inventory is saved early in the first cycle; the signal comes at its end.</summary>
        public async Task FirstCycle() => await Until(() => Task.FromResult(Signals.Result.Version > 0));

        public Task<BindingRecord> Done(BindingRecord binding) => When(binding, now => now.OperationState == OperationState.Succeeded);

        public async Task<BindingRecord> When(BindingRecord binding, Func<BindingRecord, bool> reached)
        {
            BindingRecord? now = null;
            await Until(async () => reached((now = await bed.Bindings.Find(binding.InstanceId, binding.BindingId, Ct))!));
            return now!;
        }

        public async ValueTask DisposeAsync()
        {
            await ended.CancelAsync();
            await gateways;
            await reconciler.StopAsync(CancellationToken.None);
            ended.Dispose();
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
