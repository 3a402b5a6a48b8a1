using AivenMetrics.Broker.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class KeyedStateSignalsTests
{
    private readonly KeyedStateSignals _signals = new(new FakeTimeProvider());

    [Fact]
    public async Task A_notification_of_a_key_wakes_all_its_watchers_and_no_others()
    {
        using var first = _signals.Subscribe("one");
        using var second = _signals.Subscribe("one");
        using var other = _signals.Subscribe("other");
        var woken = Task.WhenAll(WaitingAsync(first), WaitingAsync(second));
        var sleeping = WaitingAsync(other);

        _signals.Notify("one");

        await woken.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(sleeping.IsCompleted);
    }

    [Fact]
    public async Task A_key_is_still_watched_after_one_of_two_watchers_has_left()
    {
        using var stays = _signals.Subscribe("one");
        _signals.Subscribe("one").Dispose();
        var waiting = WaitingAsync(stays);

        _signals.Notify("one");

        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_key_without_watchers_starts_again()
    {
        StateSignal before;
        using (var watch = _signals.Subscribe("one"))
        {
            before = watch.Signal;
        }
        _signals.Notify("one");

        using var again = _signals.Subscribe("one");

        Assert.NotSame(before, again.Signal);
        Assert.Equal(0, before.Version);
    }

    private static Task WaitingAsync(KeyedStateSignals.Subscription watch) =>
        watch.Signal.WaitAsync(TimeSpan.FromHours(1), CancellationToken.None);
}
