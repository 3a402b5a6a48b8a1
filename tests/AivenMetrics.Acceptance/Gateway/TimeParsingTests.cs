using System.Globalization;
using Xunit;

namespace AivenMetrics.Acceptance.Gateway;

/// <summary>
/// The gateway parses times and durations as Prometheus does: both accept a text with the same result, or both reject it. If the gateway
/// parsed a shorter time than Prometheus, a tenant could exceed a limit.
/// </summary>
public sealed class TimeParsingTests(TwoTenantServers tenants)
{
    private const int Seed = 20261123;

    private static readonly string[] Texts =
    [
        "1",
        "1.5",
        "-3",
        "+4",
        "1e3",
        ".5",
        "5.",
        "1.9996",
        "1.0005",
        "1_000",
        "0x1p4",
        "0X1.8P+1",
        "0x1_0p4",
        "0x_1p0",
        "1__0",
        "_1",
        "1_",
        "1_.5",
        "1_e5",
        "0x10",
        "1e400",
        "1e",
        ".",
        "-",
        "+-1",
        "",
        " 1",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.123456789+01:00",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01T0:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-02-29T23:59:59.999Z",
        "2023-02-29T00:00:00Z",
        "2024-12-31T23:59:60Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+25:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00+01:61",
        "2024-01-01T00:00:00-00:00",
        "2024-01-01T00:00:00.Z",
        "2024-01-01t00:00:00z",
        "2024-01-01T00:00:00",
        "2024-1-01T00:00:00Z",
        "2024-01-01 00:00:00Z",
        "1969-12-31T23:59:59.5Z",
        "5m",
        "1h30m",
        "0s",
        "1d1y",
        "1.5h",
        "-1m",
        "1M",
        "60ms1s",
        "292y",
        "293y",
        "1y1w1d1h1m1s1ms",
        "m",
        "1e10",
        "1e9",
    ];

    public static TheoryData<string> All => [.. Texts];

    [Theory]
    [MemberData(nameof(All))]
    public Task The_gateway_accepts_a_time_if_and_only_if_Prometheus_does(string text) => AssertAgreeAsync(text);

    [Fact]
    public async Task The_gateway_accepts_a_random_time_if_and_only_if_Prometheus_does()
    {
        string[] parts =
        [
            "0",
            "1",
            "9",
            "12",
            ".",
            "-",
            "+",
            "e",
            "E",
            "_",
            "x",
            "p",
            "a",
            ":",
            "T",
            "Z",
            "2024-05-06T07:08:09",
            "+02:00",
            "s",
            "m",
            "ms",
            "h",
            "d",
            "y",
            ",",
        ];
        var random = new Random(Seed);
        for (var i = 0; i < 500; i++)
        {
            await AssertAgreeAsync(string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => parts[random.Next(parts.Length)])));
        }
    }

    private async Task AssertAgreeAsync(string text)
    {
        // The time of a huge number wraps around in Prometheus 2.42. Such a request has no useful result.
        var isHuge = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) > 9e9;
        var encoded = Uri.EscapeDataString(text);
        if (!isHuge && text.Length > 0)
        {
            await AssertSameAsync($"/api/v1/query?query=vector(1)&time={encoded}", text);
        }
        await AssertSameAsync($"/api/v1/query_range?query=vector(1)&start=0&end=0&step={encoded}", text);
        if (!isHuge)
        {
            await AssertSameAsync($"/api/v1/query_range?query=vector(1)&start={encoded}&end={encoded}&step=1", text);
        }
    }

    private async Task AssertSameAsync(string target, string text)
    {
        var gateway = await tenants.BeforeAsync(QueryServer.Prometheus2);
        using var ours = await gateway.A.GetAsync(new Uri(target, UriKind.Relative));
        var (status, theirs) = await gateway.GetDirectlyAsync(target);
        var body = await ours.Content.ReadAsStringAsync();
        Assert.True(status == ours.StatusCode, $"{text}: {(int)ours.StatusCode} {body} here, {(int)status} {theirs} there");
        if (ours.IsSuccessStatusCode)
        {
            Assert.Equal(theirs, body);
        }
    }
}
