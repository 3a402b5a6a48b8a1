using System.Net;
using AivenMetrics.Authentication;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Authentication;

public sealed class FailedLoginThrottleTests
{
    private static readonly IPAddress Stranger = IPAddress.Parse("192.0.2.1");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Each_failure_of_a_source_doubles_the_delay_up_to_two_seconds()
    {
        var failures = new FailedLoginThrottle(0, _time);

        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 2, 2], Enumerable.Range(0, 7).Select(_ => failures.RecordFailure(Stranger).TotalSeconds));
    }

    [Fact]
    public void The_first_failures_of_a_source_are_not_delayed()
    {
        var failures = new FailedLoginThrottle(3, _time);

        Assert.Equal([0, 0, 0, 0.1, 0.2], Enumerable.Range(0, 5).Select(_ => failures.RecordFailure(Stranger).TotalSeconds));
        Assert.Equal(0, failures.RecordFailure(null).TotalSeconds);
    }

    [Fact]
    public void The_count_of_a_source_restarts_after_five_minutes_without_a_failure()
    {
        var failures = new FailedLoginThrottle(0, _time);
        for (var i = 0; i < 10; i++)
        {
            failures.RecordFailure(Stranger);
        }

        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(2, failures.RecordFailure(Stranger).TotalSeconds);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0.1, failures.RecordFailure(Stranger).TotalSeconds);
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9")]
    public void Addresses_of_the_same_IPv4_host_or_IPv6_network_are_one_source(string one, string other)
    {
        var failures = new FailedLoginThrottle(0, _time);
        failures.RecordFailure(IPAddress.Parse(one));

        Assert.Equal(0.2, failures.RecordFailure(IPAddress.Parse(other)).TotalSeconds);
    }

    [Theory]
    [InlineData("192.0.2.{0}")]
    [InlineData("2001:db8:1:{0}::1")]
    public void Other_addresses_are_other_sources(string form)
    {
        var failures = new FailedLoginThrottle(0, _time);
        failures.RecordFailure(Stranger);

        // Two sources may share a bucket by chance; most of the twenty do not.
        var waits = Enumerable
            .Range(10, 20)
            .Select(i => failures.RecordFailure(IPAddress.Parse(string.Format(null, form, i))).TotalSeconds);
        Assert.True(waits.Count(wait => wait == 0.1) > 15);
    }

    [Fact]
    public async Task Failures_beyond_the_maximum_number_of_waits_are_not_delayed()
    {
        var failures = new FailedLoginThrottle(0, _time);
        var waiting = Enumerable
            .Range(0, FailedLoginThrottle.MaxWaiting)
            .Select(_ => failures.DelayAsync(Stranger, CancellationToken.None).AsTask())
            .ToList();

        Assert.DoesNotContain(waiting, task => task.IsCompleted);
        Assert.True(failures.DelayAsync(Stranger, CancellationToken.None).AsTask().IsCompletedSuccessfully);

        _time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(waiting);
        Assert.False(failures.DelayAsync(Stranger, CancellationToken.None).AsTask().IsCompleted);
    }

    [Fact]
    public async Task A_cancelled_wait_allows_another_one()
    {
        var failures = new FailedLoginThrottle(0, _time);
        using var gone = new CancellationTokenSource();
        var waiting = Enumerable
            .Range(0, FailedLoginThrottle.MaxWaiting)
            .Select(_ => failures.DelayAsync(Stranger, gone.Token).AsTask())
            .ToList();

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));

        Assert.False(failures.DelayAsync(Stranger, CancellationToken.None).AsTask().IsCompleted);
    }
}
