using AivenMetrics.Gateway.Limits;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

public sealed class FairQueueTests
{
    private static readonly TimeSpan QueueTime = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Tenants_that_wait_take_turns_however_many_one_has_sent()
    {
        var gate = new FairQueue(1, _time);
        var (noisy, quiet) = (NewQueue(), NewQueue());
        var first = (await gate.AcquireAsync(noisy, default)).Place!;
        List<string> order = [];
        var waiting = Enumerable.Range(0, 20).Select(_ => EnterAndLeaveAsync(gate, noisy, "noisy", order)).ToList();
        waiting.AddRange(Enumerable.Range(0, 2).Select(_ => EnterAndLeaveAsync(gate, quiet, "quiet", order)));

        first.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(["noisy", "quiet", "noisy", "quiet", "noisy"], order.Take(5));
        Assert.Equal((0, 0, 0, 0), (gate.ActiveCount, gate.WaitingCount, noisy.Active, quiet.Active));
    }

    [Fact]
    public async Task A_tenant_has_no_more_places_than_its_limit_and_leaves_the_rest_to_others()
    {
        var gate = new FairQueue(10, _time);
        var (noisy, quiet) = (NewQueue(limit: 3), NewQueue());
        var inside = await EnterAllAsync(gate, noisy, 3);
        var fourth = gate.AcquireAsync(noisy, default).AsTask();

        Assert.False(fourth.IsCompleted);
        Assert.Equal(AdmissionResult.Admitted, (await gate.AcquireAsync(quiet, default)).Entry);
        inside[0].Dispose();
        Assert.Equal(AdmissionResult.Admitted, (await fourth).Entry);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        var gate = new FairQueue(10, _time);
        var tenant = NewQueue(limit: 1, queue: 2);
        using var inside = (await gate.AcquireAsync(tenant, default)).Place!;
        var waiting = new[] { gate.AcquireAsync(tenant, default).AsTask(), gate.AcquireAsync(tenant, default).AsTask() };

        Assert.Equal((null, AdmissionResult.QueueFull), await gate.AcquireAsync(tenant, default));
        Assert.All(waiting, one => Assert.False(one.IsCompleted));
    }

    [Theory]
    [InlineData(1, 10, true)]
    [InlineData(10, 1, false)]
    public async Task Who_waited_too_long_is_told_whose_doing_it_was(int limit, int places, bool isTheTenants)
    {
        var gate = new FairQueue(places, _time);
        var tenant = NewQueue(limit);
        using var inside = (await gate.AcquireAsync(tenant, default)).Place!;
        var waiting = gate.AcquireAsync(tenant, default).AsTask();

        _time.Advance(QueueTime - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((null, isTheTenants ? AdmissionResult.TimedOut : AdmissionResult.Overloaded), await waiting);
        Assert.Equal(0, gate.WaitingCount);
    }

    [Fact]
    public async Task Who_goes_leaves_the_queue_at_once_and_takes_no_place()
    {
        var gate = new FairQueue(1, _time);
        var tenant = NewQueue();
        var inside = (await gate.AcquireAsync(tenant, default)).Place!;
        using var client = new CancellationTokenSource();
        var gone = gate.AcquireAsync(tenant, client.Token).AsTask();
        var next = gate.AcquireAsync(tenant, default).AsTask();

        await client.CancelAsync();
        Assert.Equal(1, gate.WaitingCount);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        inside.Dispose();

        Assert.Equal(AdmissionResult.Admitted, (await next).Entry);
    }

    [Fact]
    public async Task A_place_that_is_released_serves_others_while_its_holder_still_counts_for_its_tenant()
    {
        var gate = new FairQueue(1, _time);
        var (slow, other) = (NewQueue(limit: 1), NewQueue());
        var reading = (await gate.AcquireAsync(slow, default)).Place!;
        var again = gate.AcquireAsync(slow, default).AsTask();

        reading.ReleaseSlot();
        Assert.Equal(AdmissionResult.Admitted, (await gate.AcquireAsync(other, default)).Entry);
        Assert.False(again.IsCompleted);
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_come_go_and_give_up()
    {
        var gate = new FairQueue(4, TimeProvider.System);
        var queues = Enumerable.Range(0, 5).Select(_ => new TenantQueue(2, 1000, TimeSpan.FromMinutes(1))).ToArray();
        var (inside, most) = (0, 0);
        await Task.WhenAll(
            Enumerable
                .Range(0, 2000)
                .Select(i =>
                    Task.Run(async () =>
                    {
                        using var client = new CancellationTokenSource();
                        if (i % 7 == 0)
                        {
                            client.CancelAfter(i % 3);
                        }
                        try
                        {
                            var (place, _) = await gate.AcquireAsync(queues[i % queues.Length], client.Token);
                            using (place)
                            {
                                InterlockedMax(ref most, Interlocked.Increment(ref inside));
                                await Task.Yield();
                                Interlocked.Decrement(ref inside);
                            }
                        }
                        catch (OperationCanceledException)
                        {
                            Assert.Equal(0, i % 7);
                        }
                    })
                )
        );

        Assert.InRange(most, 1, 4);
        Assert.Equal((0, 0), (gate.ActiveCount, gate.WaitingCount));
        Assert.All(queues, tenant => Assert.Equal((0, 0), (tenant.Active, tenant.Waiters.Count)));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private static TenantQueue NewQueue(int limit = 100, int queue = 100) => new(limit, queue, QueueTime);

    private static async Task<List<FairQueue.Lease>> EnterAllAsync(FairQueue gate, TenantQueue tenant, int count)
    {
        List<FairQueue.Lease> places = [];
        for (var i = 0; i < count; i++)
        {
            places.Add((await gate.AcquireAsync(tenant, default)).Place!);
        }
        return places;
    }

    private static async Task EnterAndLeaveAsync(FairQueue gate, TenantQueue tenant, string name, List<string> order)
    {
        var (place, _) = await gate.AcquireAsync(tenant, default);
        using (place)
        {
            lock (order)
            {
                order.Add(name);
            }
        }
    }
}
