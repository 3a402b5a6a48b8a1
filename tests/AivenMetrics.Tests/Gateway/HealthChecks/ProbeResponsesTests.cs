using System.Text;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.HealthChecks;
using Xunit;

namespace AivenMetrics.Tests.Gateway.HealthChecks;

/// <summary>Responses to the gateway's own requests, including responses that no query engine sends.</summary>
public sealed class ProbeResponsesTests
{
    [Theory]
    [InlineData("""{"status":"success","data":{"version":"2.42.0+ds"}}""", "2.42.0")]
    [InlineData("""{"data":{"version":"v3.5"}}""", "3.5.0")]
    [InlineData("""{"data":{"version":"unknown"}}""", null)]
    [InlineData("""{"data":{"version":3}}""", null)]
    [InlineData("""{"data":{"version":"\ud800"}}""", null)]
    [InlineData("""{"data":[]}""", null)]
    [InlineData("<html>", null)]
    [InlineData("", null)]
    public void A_version_is_parsed_if_present(string answer, string? version) =>
        Assert.Equal(version, ProbeResponses.ParseVersion(Encoding.UTF8.GetBytes(answer)));

    /// <summary>Build information as Prometheus 3.5 and VictoriaMetrics 1.112 return it.</summary>
    [Theory]
    [InlineData(
        """
            {"status":"success","data":{"version":"3.5.3+ds1","revision":"3.5.3+ds1-6","branch":"debian/sid","buildUser":"u",
              "buildDate":"20260929-11:59:39","goVersion":"go1.27.1"}}
            """,
        QueryEngine.Prometheus
    )]
    [InlineData("""{"status":"success","data":{"version":"2.24.0","revision":"x","goVersion":"go1.15"}}""", QueryEngine.Prometheus)]
    [InlineData("""{"status":"success","data":{"version":"2.24.0"}}""", QueryEngine.VictoriaMetrics)]
    [InlineData("""{"status":"success","data":{"version":"2.42.0"}}""", null)]
    [InlineData("""{"status":"success","data":{"version":"2.24.0","revision":"x"}}""", null)]
    [InlineData("""{"status":"success","data":{"version":"3.14.0","revision":"aiven-metrics","goVersion":""}}""", null)]
    [InlineData("""{"status":"success","data":{}}""", null)]
    [InlineData("<html>", null)]
    public void An_engine_is_detected_only_if_certain(string buildInfo, QueryEngine? engine) =>
        Assert.Equal(engine, ProbeResponses.DetectEngine(Encoding.UTF8.GetBytes(buildInfo)));

    [Theory]
    [InlineData("""{"data":{"resultType":"vector","result":[{"metric":{},"value":[1795427494.516,"0.97"]}]}}""", 0.97)]
    [InlineData("""{"data":{"result":[{"metric":{},"value":[1,"-3"]}]}}""", 0d)]
    [InlineData("""{"data":{"result":[{"metric":{},"value":[1,"1e300"]}]}}""", 86400d)]
    public void A_sample_age_is_parsed_and_bounded_between_zero_and_one_day(string answer, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), ProbeResponses.ParseSampleAge(Encoding.UTF8.GetBytes(answer))?.Age);

    [Fact]
    public void No_series_means_no_samples_and_a_malformed_response_is_null()
    {
        Assert.Equal(new ReportedSampleAge(null), ProbeResponses.ParseSampleAge("""{"data":{"result":[]}}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("""{"data":{"result":[{"metric":{},"value":[1,"NaN"]}]}}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("""{"data":{"result":[{"metric":{},"value":[1]}]}}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("""{"data":{"result":{}}}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("""{"status":"error"}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("""{"data":{"result":[1]}}"""u8));
        Assert.Null(ProbeResponses.ParseSampleAge("<html>"u8));
    }

    [Fact]
    public void The_newest_samples_are_parsed_without_malformed_entries()
    {
        var newest = ProbeResponses.ParseNewestSamples(
            """{"data":{"result":[{"metric":{},"values":[[1.5,"1.25"],[3,"2.999"],[4],["x","y"],7]},7]}}"""u8
        );
        Assert.Equal(new Dictionary<long, long> { [1500] = 1250, [3000] = 2999 }, newest);
        Assert.Equal([], ProbeResponses.ParseNewestSamples("""{"data":{"result":[]}}"""u8)!);
        Assert.Null(ProbeResponses.ParseNewestSamples("503"u8));
    }
}
