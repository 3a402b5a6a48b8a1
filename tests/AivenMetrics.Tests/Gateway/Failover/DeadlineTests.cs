using AivenMetrics.Gateway.Failover;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Failover;

public sealed class DeadlineTests : IDisposable
{
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider time = new();
    private readonly CancellationTokenSource client = new();
    private readonly CancellationTokenSource destination = new();

    public void Dispose()
    {
        client.Dispose();
        destination.Dispose();
    }

    [Fact]
    public void A_destination_that_is_lost_ends_the_wait_for_its_headers()
    {
        using var deadline = new Deadline(Allowed, time, client.Token);

        using (deadline.EndedBy(destination.Token))
            destination.Cancel();

        Assert.True(deadline.Token.IsCancellationRequested);
        Assert.True(deadline.Lost);
        Assert.False(deadline.Passed);
        Assert.Throws<OperationCanceledException>(deadline.ThrowIfLost);
    }

    /// <summary>A long answer of a server whose probes fail for lack of time would otherwise never end.</summary>
    [Fact]
    public void A_body_that_has_begun_is_not_cut_off_by_it()
    {
        using var deadline = new Deadline(Allowed, time, client.Token);

        deadline.EndedBy(destination.Token).Dispose();
        destination.Cancel();

        Assert.False(deadline.Token.IsCancellationRequested);
        Assert.False(deadline.Lost);
        deadline.ThrowIfLost();
    }

    [Fact]
    public void One_that_was_lost_before_ends_the_wait_at_once()
    {
        using var deadline = new Deadline(Allowed, time, client.Token);
        destination.Cancel();

        using var ended = deadline.EndedBy(destination.Token);

        Assert.True(deadline.Lost);
    }

    /// <summary>Nobody is there for whom another destination could be asked.</summary>
    [Fact]
    public void A_client_that_went_comes_before_all_else()
    {
        using var deadline = new Deadline(Allowed, time, client.Token);
        using var ended = deadline.EndedBy(destination.Token);

        client.Cancel();
        destination.Cancel();

        Assert.False(deadline.Lost);
        Assert.False(deadline.Passed);
    }

    [Fact]
    public void The_time_begins_anew_with_whatever_comes()
    {
        using var deadline = new Deadline(Allowed, time, client.Token);

        time.Advance(Allowed - TimeSpan.FromSeconds(1));
        deadline.Extend();
        time.Advance(Allowed - TimeSpan.FromSeconds(1));
        Assert.False(deadline.Passed);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(deadline.Passed);
        Assert.False(deadline.Lost);
    }
}
