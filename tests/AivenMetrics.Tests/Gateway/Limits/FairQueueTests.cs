using AivenMetrics.Gateway.Limits;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

public sealed class FairQueueTests
{
    private static readonly TimeSpan QueueTime = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Waiting_tenants_take_turns_regardless_of_their_numbers_of_queries()
    {
        var fairQueue = new FairQueue(1, _time);
        var (noisy, quiet) = (NewQueue(), NewQueue());
        var first = (await fairQueue.AcquireAsync(noisy, default)).Place!;
        List<string> order = [];
        var waiting = Enumerable.Range(0, 20).Select(_ => EnterAndLeaveAsync(fairQueue, noisy, "noisy", order)).ToList();
        waiting.AddRange(Enumerable.Range(0, 2).Select(_ => EnterAndLeaveAsync(fairQueue, quiet, "quiet", order)));

        first.Dispose();
        await Task.WhenAll(waiting);

        Assert.Equal(["noisy", "quiet", "noisy", "quiet", "noisy"], order.Take(5));
        Assert.Equal((0, 0, 0, 0), (fairQueue.ActiveCount, fairQueue.WaitingCount, noisy.Active, quiet.Active));
    }

    [Fact]
    public async Task A_tenant_cannot_hold_more_slots_than_its_limit()
    {
        var fairQueue = new FairQueue(10, _time);
        var (noisy, quiet) = (NewQueue(limit: 3), NewQueue());
        var inside = await EnterAllAsync(fairQueue, noisy, 3);
        var fourth = fairQueue.AcquireAsync(noisy, default).AsTask();

        Assert.False(fourth.IsCompleted);
        Assert.Equal(AdmissionResult.Admitted, (await fairQueue.AcquireAsync(quiet, default)).Entry);
        inside[0].Dispose();
        Assert.Equal(AdmissionResult.Admitted, (await fourth).Entry);
    }

    [Fact]
    public async Task A_full_queue_rejects_at_once()
    {
        var fairQueue = new FairQueue(10, _time);
        var tenant = NewQueue(limit: 1, queue: 2);
        using var inside = (await fairQueue.AcquireAsync(tenant, default)).Place!;
        var waiting = new[] { fairQueue.AcquireAsync(tenant, default).AsTask(), fairQueue.AcquireAsync(tenant, default).AsTask() };

        Assert.Equal((null, AdmissionResult.QueueFull), await fairQueue.AcquireAsync(tenant, default));
        Assert.All(waiting, one => Assert.False(one.IsCompleted));
    }

    [Theory]
    [InlineData(1, 10, true)]
    [InlineData(10, 1, false)]
    public async Task A_timeout_is_attributed_to_the_limit_of_the_tenant_or_to_the_overall_load(int limit, int places, bool isTenantLimit)
    {
        var fairQueue = new FairQueue(places, _time);
        var tenant = NewQueue(limit);
        using var inside = (await fairQueue.AcquireAsync(tenant, default)).Place!;
        var waiting = fairQueue.AcquireAsync(tenant, default).AsTask();

        _time.Advance(QueueTime - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((null, isTenantLimit ? AdmissionResult.TimedOut : AdmissionResult.Overloaded), await waiting);
        Assert.Equal(0, fairQueue.WaitingCount);
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_queue_at_once_without_a_slot()
    {
        var fairQueue = new FairQueue(1, _time);
        var tenant = NewQueue();
        var inside = (await fairQueue.AcquireAsync(tenant, default)).Place!;
        using var client = new CancellationTokenSource();
        var gone = fairQueue.AcquireAsync(tenant, client.Token).AsTask();
        var next = fairQueue.AcquireAsync(tenant, default).AsTask();

        await client.CancelAsync();
        Assert.Equal(1, fairQueue.WaitingCount);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        inside.Dispose();

        Assert.Equal(AdmissionResult.Admitted, (await next).Entry);
    }

    [Fact]
    public async Task A_released_slot_serves_others_but_still_counts_for_its_tenant()
    {
        var fairQueue = new FairQueue(1, _time);
        var (slow, other) = (NewQueue(limit: 1), NewQueue());
        var reading = (await fairQueue.AcquireAsync(slow, default)).Place!;
        var again = fairQueue.AcquireAsync(slow, default).AsTask();

        reading.ReleaseSlot();
        Assert.Equal(AdmissionResult.Admitted, (await fairQueue.AcquireAsync(other, default)).Entry);
        Assert.False(again.IsCompleted);
    }

    [Fact]
    public async Task Concurrent_waits_and_cancellations_leave_the_queue_empty()
    {
        var fairQueue = new FairQueue(4, TimeProvider.System);
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
                            var (place, _) = await fairQueue.AcquireAsync(queues[i % queues.Length], client.Token);
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
        Assert.Equal((0, 0), (fairQueue.ActiveCount, fairQueue.WaitingCount));
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

    private static async Task<List<FairQueue.Lease>> EnterAllAsync(FairQueue fairQueue, TenantQueue tenant, int count)
    {
        List<FairQueue.Lease> places = [];
        for (var i = 0; i < count; i++)
        {
            places.Add((await fairQueue.AcquireAsync(tenant, default)).Place!);
        }
        return places;
    }

    private static async Task EnterAndLeaveAsync(FairQueue fairQueue, TenantQueue tenant, string name, List<string> order)
    {
        var (place, _) = await fairQueue.AcquireAsync(tenant, default);
        using (place)
        {
            lock (order)
            {
                order.Add(name);
            }
        }
    }
}
