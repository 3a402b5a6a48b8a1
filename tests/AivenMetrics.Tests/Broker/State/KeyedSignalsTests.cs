using AivenMetrics.Broker.State;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class KeyedSignalsTests
{
    private readonly KeyedSignals signals = new(new FakeTimeProvider());

    [Fact]
    public async Task News_of_a_key_wake_all_who_watch_it_and_nobody_else()
    {
        using var first = signals.On("one");
        using var second = signals.On("one");
        using var other = signals.On("other");
        var woken = Task.WhenAll(Waiting(first), Waiting(second));
        var sleeping = Waiting(other);

        signals.Notify("one");

        await woken.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(sleeping.IsCompleted);
    }

    [Fact]
    public async Task A_key_is_still_watched_when_one_of_two_watchers_has_gone()
    {
        using var stays = signals.On("one");
        signals.On("one").Dispose();
        var waiting = Waiting(stays);

        signals.Notify("one");

        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_key_that_was_watched_by_nobody_begins_anew()
    {
        StateSignal before;
        using (var watch = signals.On("one"))
            before = watch.Signal;
        signals.Notify("one");

        using var again = signals.On("one");

        Assert.NotSame(before, again.Signal);
        Assert.Equal(0, before.Version);
    }

    private static Task Waiting(KeyedSignals.Watch watch) => watch.Signal.Wait(TimeSpan.FromHours(1), CancellationToken.None);
}
