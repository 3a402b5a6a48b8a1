using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using AivenMetrics.Tests.Broker.Aiven;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>The loops of the reconciler, their signals and their failures. Uses the real clock.</summary>
public sealed class ReconcilerTests
{
    private static readonly TimeSpan TestTimeout = TimeSpan.FromSeconds(60);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bind_wakes_the_loop_and_is_notified_when_it_is_done()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);
        await run.FirstCycleAsync();
        var binding = await bed.BindAsync("forecast-db");
        var seen = run.Signals.ObservedStateChanged.Version;
        run.Signals.DesiredStateChanged.Notify();
        await run.Signals.ObservedStateChanged.WaitAsync(seen, TestTimeout, Ct);
        var reported = await run.DoneAsync(binding);
        Assert.Equal(
            "3 of 4 services deliver metrics. The plan of prod-da7aba5e-0004-4a10-8b04-00000000a104 (hobbyist) does not "
                + "support integrations. Choose a larger plan.",
            reported.Description
        );
    }

    [Fact]
    public async Task A_bind_that_another_broker_completed_is_detected_without_a_signal()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);
        await run.FirstCycleAsync();
        await run.DoneAsync(await bed.BindAsync("beacons-db", "beacons-db"));
    }

    [Fact]
    public async Task A_failing_project_does_not_delay_others()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        bed.Options.Projects.Add("ghost");
        await using var run = await Run.StartAsync(bed);
        var named = await bed.BindAsync("forecast-db", "forecast-db");
        var space = await bed.BindAsync("forecast-db");
        Assert.Equal("1 of 1 service delivers metrics.", (await run.DoneAsync(named)).Description);
        var waiting = await bed.Bindings.FindAsync(space.InstanceId, space.BindingId, Ct);
        Assert.Equal(OperationState.InProgress, waiting!.OperationState);
    }

    [Fact]
    public async Task While_Aiven_is_down_a_bind_waits_and_then_succeeds()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await bed.FaultAsync(
            new
            {
                path = "*",
                status = 500,
                count = 3,
            }
        );
        await using var run = await Run.StartAsync(bed);
        var binding = await bed.BindAsync("beacons-db");
        var reported = await run.DoneAsync(binding);
        Assert.StartsWith("2 of 3 services deliver metrics.", reported.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_broker_reconciles_and_the_other_takes_over()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        var first = await Run.StartAsync(bed);
        await first.FirstCycleAsync();
        await using var second = await Run.StartAsync(bed);
        await bed.CallsAsync();
        await Task.Delay(1500, Ct);
        Assert.Empty(await bed.CallsAsync());
        await first.DisposeAsync();
        await second.DoneAsync(await bed.BindAsync("beacons-db"));
    }

    [Fact]
    public async Task A_bind_waits_for_the_gateways_and_reports_that()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed, gateway: false);
        await run.FirstCycleAsync();
        var binding = await bed.BindAsync("forecast-db", "forecast-db");
        run.Signals.DesiredStateChanged.Notify();
        await run.WhenAsync(binding, now => now.Description == "No gateway has polled for credentials yet. Contact the operator.");

        var store = new GatewayStore(bed.Database);
        await store.ReportAsync("gateway-1", null, true, Ct);
        await store.ReportAsync("gateway-2", await store.NowAsync(Ct), true, Ct);
        await run.WhenAsync(binding, now => now.Description == "Waiting for the gateways to accept the credential (1 of 2 has).");
        await store.ReportAsync("gateway-1", await store.NowAsync(Ct), false, Ct);
        await run.DoneAsync(binding);
    }

    [Fact]
    public async Task A_bind_of_settled_services_waits_for_no_cycle()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);
        await run.DoneAsync(await bed.BindAsync("forecast-db"));
        await Task.Delay(1500, Ct);
        await bed.FaultAsync(
            new
            {
                path = "*",
                status = 500,
                count = 1000,
            }
        );

        var reported = await run.DoneAsync(await bed.BindAsync("forecast-db"));

        Assert.StartsWith("3 of 4 services deliver metrics.", reported.Description, StringComparison.Ordinal);
        Assert.Equal(4, BindingSnapshot.FromJson(reported.Snapshot!).Services.Count);
    }

    [Fact]
    public async Task A_bind_of_services_that_were_not_needed_does_not_count_as_settled()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);
        await run.DoneAsync(await bed.BindAsync("forecast-db"));
        await Task.Delay(1500, Ct);
        await bed.FaultAsync(
            new
            {
                path = "*",
                status = 500,
                count = 1000,
            }
        );

        var other = await bed.BindAsync("beacons-db");
        await Task.Delay(500, Ct);

        Assert.Equal(OperationState.InProgress, (await bed.Bindings.FindAsync(other.InstanceId, other.BindingId, Ct))!.OperationState);
    }

    [Fact]
    public async Task The_outcome_of_a_bind_is_in_the_audit_trail()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);

        var binding = await run.DoneAsync(await bed.BindAsync("forecast-db", "forecast-db"));

        var entry = Assert.Single(await new AuditStore(bed.Database).FindByInstanceAsync(binding.InstanceId, Ct));
        Assert.Equal(
            ("Bind", Actor.Broker, AuditResult.Succeeded, binding.Description),
            (entry.Action, entry.Actor, entry.Result, entry.Description)
        );
    }

    [Fact]
    public async Task A_bind_of_services_none_of_which_can_deliver_fails_with_the_reasons()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        await using var run = await Run.StartAsync(bed);

        var failed = await run.WhenAsync(await bed.BindAsync("forecast-db", "forecast-scratch"), now =>
            now.OperationState == OperationState.Failed
        );

        Assert.Equal(
            "0 of 1 service delivers metrics. The plan of prod-da7aba5e-0004-4a10-8b04-00000000a104 (hobbyist) does not "
                + "support integrations. Choose a larger plan.",
            failed.Description
        );
    }

    /// <summary>A running reconciler.</summary>
    private sealed class Run(ReconciliationFixture bed, Reconciler reconciler, StateSignals signals) : IAsyncDisposable
    {
        private readonly CancellationTokenSource _ended = new();
        private Task _gateways = Task.CompletedTask;

        public StateSignals Signals { get; } = signals;

        public static async Task<Run> StartAsync(ReconciliationFixture bed, bool gateway = true, bool waitsForSamples = false)
        {
            var signals = new StateSignals(TimeProvider.System);
            var gateways = new GatewayStore(bed.Database);
            var decisions = new BindEvaluator(
                new([.. bed.Options.Projects.Select(name => new AivenProject(name))], TimeSpan.FromMinutes(1), waitsForSamples),
                bed.Bindings,
                gateways,
                new ReportedValueStore(bed.Database),
                signals,
                TimeProvider.System,
                NullLogger.Instance
            );
            var reconciler = new Reconciler(
                project => bed.NewCycle(project.Value, TimeProvider.System),
                decisions,
                new ReconcilerLock(bed.Database),
                signals,
                bed.Options,
                new ReconcilerMetrics(new TestMeterFactory()),
                NullLogger<Reconciler>.Instance,
                TimeProvider.System
            );
            await reconciler.StartAsync(Ct);
            var run = new Run(bed, reconciler, signals);
            if (gateway)
            {
                run._gateways = run.AcceptAsync(gateways);
            }
            return run;
        }

        /// <summary>A gateway that acknowledges everything immediately.</summary>
        public async Task AcceptAsync(GatewayStore store)
        {
            while (!_ended.IsCancellationRequested)
            {
                await store.ReportAsync("gateway-1", await store.NowAsync(Ct), false, Ct);
                Signals.GatewayAcknowledged.Notify();
                await Task.Delay(20, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        /// <summary>The inventory is saved early in the first cycle; the signal follows at its end.</summary>
        public async Task FirstCycleAsync() => await UntilAsync(() => Task.FromResult(Signals.ObservedStateChanged.Version > 0));

        public Task<BindingRecord> DoneAsync(BindingRecord binding) =>
            WhenAsync(binding, now => now.OperationState == OperationState.Succeeded);

        public async Task<BindingRecord> WhenAsync(BindingRecord binding, Func<BindingRecord, bool> reached)
        {
            BindingRecord? now = null;
            await UntilAsync(async () => reached((now = await bed.Bindings.FindAsync(binding.InstanceId, binding.BindingId, Ct))!));
            return now!;
        }

        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await _gateways;
            await reconciler.StopAsync(CancellationToken.None);
            _ended.Dispose();
            reconciler.Dispose();
        }

        private static async Task UntilAsync(Func<Task<bool>> reached)
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            timeout.CancelAfter(TestTimeout);
            while (!await reached())
            {
                await Task.Delay(20, timeout.Token);
            }
        }
    }
}
