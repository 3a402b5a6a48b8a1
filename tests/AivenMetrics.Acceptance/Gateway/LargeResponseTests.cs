using AivenMetrics.Testing.Gateway;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

public sealed class LargeResponseTests
{
    /// <summary>The aim is 20 MB, which the benchmark <c>large-answer</c> holds it to; the rest is room for a busy machine.</summary>
    private const double GrowthMax = 60;

    [Fact]
    public async Task An_answer_of_100_MB_passes_without_being_kept()
    {
        var passages = await LargeResponse.MeasureAsync(100);

        Assert.Equal(["plain", "gzip", "plain, slow client"], passages.Select(passage => passage.Name));
        Assert.All(passages, passage => Assert.True(passage.Read > 99, $"{passage.Name}: only {passage.Read} MB came"));
        Assert.All(passages, passage =>
            Assert.True(passage.Growth < GrowthMax, $"{passage.Name}: the gateway grew by {passage.Growth} MB")
        );
    }
}
