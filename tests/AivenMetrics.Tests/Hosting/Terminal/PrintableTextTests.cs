using AivenMetrics.Hosting.Terminal;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Terminal;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("\u001b[2J", "\uFFFD[2J")]
    [InlineData("a\r\nb", "a\uFFFD\uFFFDb")]
    [InlineData("\u202egnp", "\uFFFDgnp")]
    [InlineData("a\u2028b\u2029c", "a\uFFFDb\uFFFDc")]
    [InlineData("\U000E0041\u200b\u009b", "\uFFFD\uFFFD\uFFFD")]
    [InlineData("Größe 日本 🎉", "Größe 日本 🎉")]
    public void Control_and_format_characters_are_replaced_and_other_text_is_kept(string text, string shown) =>
        Assert.Equal(shown, PrintableText.Sanitize(text));

    [Fact]
    public void A_lone_surrogate_is_replaced() => Assert.Equal("a\uFFFDb", PrintableText.Sanitize("a" + '\ud800' + "b"));

    [Fact]
    public void Line_feeds_are_kept_on_request() => Assert.Equal("a\nb\uFFFD", PrintableText.Sanitize("a\nb\r", keepLines: true));

    [Fact]
    public void A_long_cell_is_truncated() =>
        Assert.Equal(PrintableText.MaximumCellLength + 1, PrintableText.SanitizeCell(new string('x', 11_000)).Length);
}
