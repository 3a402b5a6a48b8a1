using AivenMetrics.Broker.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class StateSignalTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly StateSignal _signal;

    public StateSignalTests() => _signal = new StateSignal(_time);

    [Fact]
    public async Task A_notification_wakes_every_waiter()
    {
        var waiters = Enumerable.Range(0, 3).Select(_ => _signal.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None)).ToList();
        Assert.All(waiters, waiter => Assert.False(waiter.IsCompleted));

        _signal.Notify();

        await Task.WhenAll(waiters).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_notification_between_reading_and_waiting_is_not_missed()
    {
        var seen = _signal.Version;
        _signal.Notify();

        await _signal.WaitAsync(seen, TimeSpan.FromHours(1), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_wait_ends_after_its_timeout()
    {
        var waiter = _signal.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(waiter.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));

        await waiter.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_wait_of_zero_returns_at_once_and_a_cancelled_one_throws()
    {
        await _signal.WaitAsync(TimeSpan.FromSeconds(-1), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _signal.WaitAsync(TimeSpan.FromHours(1), new CancellationToken(canceled: true))
        );
    }
}
