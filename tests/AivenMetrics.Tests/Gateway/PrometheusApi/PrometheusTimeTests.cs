using AivenMetrics.Gateway.PrometheusApi;
using Xunit;

namespace AivenMetrics.Tests.Gateway.PrometheusApi;

/// <summary>Times and durations are parsed as in Prometheus 2.42. The acceptance tests compare them with a real server.</summary>
public sealed class PrometheusTimeTests
{
    [Theory]
    [InlineData("1", 1_000, "1")]
    [InlineData("1.5", 1_500, "1.5")]
    [InlineData("-3", -3_000, "-3")]
    [InlineData("+4", 4_000, "+4")]
    [InlineData(".5", 500, ".5")]
    [InlineData("5.", 5_000, "5.")]
    [InlineData("1e3", 1_000_000, "1e3")]
    [InlineData("1.9996", 2_000, "1.9996")]
    [InlineData("-1.5", -1_500, "-1.5")]
    [InlineData("1790000000000", 1_790_000_000_000_000, "1790000000000")]
    [InlineData("1_000", 1_000_000, "1000.000")]
    [InlineData("0x1p4", 16_000, "16.000")]
    [InlineData("-0X1.8P+1", -3_000, "-3.000")]
    [InlineData("0x1_0p4", 256_000, "256.000")]
    [InlineData("2024-01-01T00:00:00Z", 1_704_067_200_000, "1704067200.000")]
    [InlineData("2024-01-01T00:00:00.123456789+01:00", 1_704_063_600_123, "1704063600.123")]
    [InlineData("2024-01-01T00:00:00,5Z", 1_704_067_200_500, "1704067200.500")]
    [InlineData("2024-01-01T0:00:00Z", 1_704_067_200_000, "1704067200.000")]
    [InlineData("2024-01-01T00:00:00+24:00", 1_703_980_800_000, "1703980800.000")]
    [InlineData("2024-01-01T00:00:00+01:60", 1_704_060_000_000, "1704060000.000")]
    [InlineData("1969-12-31T23:59:59.5Z", -500, "-0.500")]
    [InlineData("0000-01-01T00:00:00Z", -62_167_219_200_000, "-62167219200.000")]
    [InlineData("9999-12-31T23:59:59Z", 253_402_300_799_000, "253402300799.000")]
    [InlineData("-292273086-05-16T16:47:06Z", -9_223_309_901_257_974_000, "-292273086-05-16T16:47:06Z")]
    [InlineData("292277025-08-18T07:12:54.999999999Z", 9_223_309_901_257_974_000, "292277025-08-18T07:12:54.999999999Z")]
    public void A_time_is_parsed_as_in_Prometheus(string text, long milliseconds, string forwarded)
    {
        Assert.True(PrometheusTime.TryParseTime(text, out var read, out var plain));
        Assert.Equal((milliseconds, forwarded), (read, plain));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0x10")]
    [InlineData("0b1")]
    [InlineData("1e")]
    [InlineData("1f")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.5.2")]
    [InlineData("_1")]
    [InlineData("1_")]
    [InlineData("1__0")]
    [InlineData("1_e5")]
    [InlineData("abc")]
    [InlineData("yesterday")]
    [InlineData("1_.5")]
    [InlineData("NaN")]
    [InlineData("inf")]
    [InlineData("1e400")]
    [InlineData("1e30")]
    [InlineData("2024-01-01t00:00:00z")]
    [InlineData("2024-01-01T24:00:00Z")]
    [InlineData("2024-02-30T00:00:00Z")]
    [InlineData("2024-12-31T23:59:60Z")]
    [InlineData("2024-01-01T00:00:00.Z")]
    [InlineData("2024-01-01T00:00:00")]
    [InlineData("2024-01-01T00:00:00+1:00")]
    [InlineData("2024-00-01T00:00:00Z")]
    [InlineData("1٢")]
    public void An_invalid_time_is_rejected(string text) => Assert.False(PrometheusTime.TryParseTime(text, out _, out _));

    [Theory]
    [InlineData("1", 1_000_000_000)]
    [InlineData("0.5", 500_000_000)]
    [InlineData("-1", -1_000_000_000)]
    [InlineData("5m", 300_000_000_000)]
    [InlineData("1h30m", 5_400_000_000_000)]
    [InlineData("0s", 0)]
    [InlineData("1y1w1d1h1m1s1ms", 32_230_861_001_000_000)]
    [InlineData("292y", 9_208_512_000_000_000_000)]
    [InlineData("1_0", 10_000_000_000)]
    [InlineData("0x10p0", 16_000_000_000)]
    public void A_duration_is_parsed_as_in_Prometheus(string text, long nanoseconds)
    {
        Assert.True(PrometheusTime.TryParseDuration(text, out var read, out _));
        Assert.Equal(nanoseconds, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1d1y")]
    [InlineData("1.5h")]
    [InlineData("-1m")]
    [InlineData("1M")]
    [InlineData("60ms1s")]
    [InlineData(" 5m")]
    [InlineData("1e10")]
    [InlineData("293y")]
    [InlineData("m")]
    public void An_invalid_duration_is_rejected(string text) => Assert.False(PrometheusTime.TryParseDuration(text, out _, out _));

    [Theory]
    [InlineData(93 * 86400, "93d")]
    [InlineData(5400, "1h30m")]
    [InlineData(0, "0s")]
    [InlineData(0.25, "250ms")]
    public void A_duration_is_formatted_with_its_units(double seconds, string text) =>
        Assert.Equal(text, PrometheusTime.Format(TimeSpan.FromSeconds(seconds)));
}
