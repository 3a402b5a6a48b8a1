using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

public sealed class LargeResponseTests
{
    /// <summary>The goal is 20 MB, which the benchmark <c>large-answer</c> checks. The rest is a reserve for a busy machine.</summary>
    private const double GrowthMax = 60;

    [Fact]
    public async Task A_response_of_100_MB_is_streamed_without_buffering()
    {
        var passages = await LargeResponse.MeasureAsync(100);

        Assert.Equal(["plain", "gzip", "plain, slow client"], passages.Select(passage => passage.Name));
        Assert.All(passages, passage => Assert.True(passage.Read > 99, $"{passage.Name}: only {passage.Read} MB came"));
        Assert.All(passages, passage =>
            Assert.True(passage.Growth < GrowthMax, $"{passage.Name}: the gateway grew by {passage.Growth} MB")
        );
    }
}
