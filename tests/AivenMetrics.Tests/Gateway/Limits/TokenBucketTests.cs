using AivenMetrics.Gateway.Limits;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Gateway.Limits;

public sealed class TokenBucketTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void After_a_burst_the_rate_applies_and_the_wait_is_returned()
    {
        var bucket = new TokenBucket(10, 30, _time);
        Assert.All(Enumerable.Range(0, 30), _ => Assert.Null(bucket.Take()));
        Assert.Equal(30, bucket.UsedTokens());
        Assert.Equal(TimeSpan.FromMilliseconds(100), bucket.Take());

        _time.Advance(TimeSpan.FromMilliseconds(99));
        Assert.NotNull(bucket.Take());
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(bucket.Take());
        Assert.NotNull(bucket.Take());

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(10, Enumerable.Range(0, 50).Count(_ => bucket.Take() is null));
    }

    [Fact]
    public void Rejected_requests_use_no_tokens_and_idle_time_refills_at_most_the_burst()
    {
        var bucket = new TokenBucket(1, 2, _time);
        Assert.Equal(2, Enumerable.Range(0, 100).Count(_ => bucket.Take() is null));
        _time.Advance(TimeSpan.FromDays(365));
        Assert.Equal(0, bucket.UsedTokens());
        Assert.Equal(2, Enumerable.Range(0, 100).Count(_ => bucket.Take() is null));
    }
}
