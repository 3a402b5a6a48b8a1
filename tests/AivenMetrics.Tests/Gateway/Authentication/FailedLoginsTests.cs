using System.Net;
using AivenMetrics.Gateway.Authentication;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class FailedLoginsTests
{
    private static readonly IPAddress Source = IPAddress.Parse("192.0.2.1");
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void The_first_failures_are_free_and_each_further_one_waits_twice_as_long_up_to_two_seconds()
    {
        var failures = new FailedLogins(time);
        Assert.Equal([0, 0, 0, 100, 200, 400, 800, 1600, 2000, 2000], Enumerable.Range(0, 10).Select(_ => failures.Note(Source).TotalMilliseconds));
    }

    [Fact]
    public void Five_minutes_without_a_failure_make_a_source_new()
    {
        var failures = new FailedLogins(time);
        for (var i = 0; i < 5; i++)
            failures.Note(Source);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.Zero, failures.Note(Source));
    }

    [Fact]
    public void Addresses_of_one_network_of_IPv6_are_one_source_and_so_are_both_forms_of_IPv4()
    {
        var failures = new FailedLogins(time);
        for (var i = 1; i <= 3; i++)
        {
            failures.Note(IPAddress.Parse($"2001:db8::{i}"));
            failures.Note(Source);
        }

        Assert.NotEqual(TimeSpan.Zero, failures.Note(IPAddress.Parse("2001:db8::ffff")));
        Assert.NotEqual(TimeSpan.Zero, failures.Note(Source.MapToIPv6()));
        Assert.Equal(TimeSpan.Zero, new FailedLogins(time).Note(null));
    }

    [Fact]
    public async Task No_more_than_256_wait_at_once()
    {
        var failures = new FailedLogins(time);
        for (var i = 0; i < FailedLogins.Free; i++)
            failures.Note(Source);
        var waiting = Enumerable.Range(0, FailedLogins.WaitingMax).Select(_ => failures.DelayAsync(Source, default).AsTask()).ToArray();
        Assert.DoesNotContain(waiting, wait => wait.IsCompleted);

        var beyond = failures.DelayAsync(Source, default);
        Assert.True(beyond.IsCompletedSuccessfully);

        time.Advance(TimeSpan.FromSeconds(2));
        await Task.WhenAll(waiting);
        await beyond;
    }
}
