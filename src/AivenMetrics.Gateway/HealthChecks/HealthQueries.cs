using System.Globalization;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>What the gateway asks destinations about their samples, for itself: the selector is the operator's, so it carries no scope.</summary>
internal static class HealthQueries
{
    /// <summary>How old the newest sample is, by the clock of the server that has it.</summary>
    public static UpstreamRequest NewestSampleAge(string selector)
    {
        var form = new FormWriter();
        form.Add("query", $"time() - max(timestamp({selector}))");
        form.Add("timeout", "10s");
        return UpstreamRequest.Post("/api/v1/query", form.WrittenMemory);
    }

    /// <summary>At each time of a grid, the time of the newest sample that the server looks back to; all in milliseconds since 1970.</summary>
    public static UpstreamRequest NewestSamples(string selector, long from, long to, long step)
    {
        var form = new FormWriter();
        form.Add("query", $"max(timestamp({selector}))");
        form.Add("start", Seconds(from));
        form.Add("end", Seconds(to));
        form.Add("step", Seconds(step));
        form.Add("timeout", "30s");
        return UpstreamRequest.Post("/api/v1/query_range", form.WrittenMemory);
    }

    private static string Seconds(long milliseconds) => (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture);
}
