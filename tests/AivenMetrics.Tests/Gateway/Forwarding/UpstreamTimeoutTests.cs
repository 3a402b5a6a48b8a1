using AivenMetrics.Gateway.Forwarding;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Forwarding;

public sealed class UpstreamTimeoutTests : IDisposable
{
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _client = new();
    private readonly CancellationTokenSource _destination = new();

    public void Dispose()
    {
        _client.Dispose();
        _destination.Dispose();
    }

    [Fact]
    public void A_hung_destination_ends_the_wait_for_its_headers()
    {
        using var deadline = new UpstreamTimeout(Allowed, _time, _client.Token);

        using (deadline.LinkHungToken(_destination.Token))
        {
            _destination.Cancel();
        }

        Assert.True(deadline.Token.IsCancellationRequested);
        Assert.True(deadline.IsHung);
        Assert.False(deadline.HasExpired);
        Assert.Throws<OperationCanceledException>(deadline.ThrowIfHung);
    }

    /// <summary>A long response of a server whose probes time out would otherwise never end.</summary>
    [Fact]
    public void A_started_body_is_not_cut_off_by_a_hung_destination()
    {
        using var deadline = new UpstreamTimeout(Allowed, _time, _client.Token);

        deadline.LinkHungToken(_destination.Token).Dispose();
        _destination.Cancel();

        Assert.False(deadline.Token.IsCancellationRequested);
        Assert.False(deadline.IsHung);
        deadline.ThrowIfHung();
    }

    [Fact]
    public void A_destination_that_already_hangs_ends_the_wait_at_once()
    {
        using var deadline = new UpstreamTimeout(Allowed, _time, _client.Token);
        _destination.Cancel();

        using var registration = deadline.LinkHungToken(_destination.Token);

        Assert.True(deadline.IsHung);
    }

    /// <summary>After the client has disconnected, no other destination is tried.</summary>
    [Fact]
    public void A_disconnected_client_takes_precedence()
    {
        using var deadline = new UpstreamTimeout(Allowed, _time, _client.Token);
        using var registration = deadline.LinkHungToken(_destination.Token);

        _client.Cancel();
        _destination.Cancel();

        Assert.False(deadline.IsHung);
        Assert.False(deadline.HasExpired);
    }

    [Fact]
    public void A_restart_resets_the_timeout()
    {
        using var deadline = new UpstreamTimeout(Allowed, _time, _client.Token);

        _time.Advance(Allowed - TimeSpan.FromSeconds(1));
        deadline.Restart();
        _time.Advance(Allowed - TimeSpan.FromSeconds(1));
        Assert.False(deadline.HasExpired);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(deadline.HasExpired);
        Assert.False(deadline.IsHung);
    }
}
