using System.Globalization;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.HealthChecks;

/// <summary>The gateway's own queries about samples. The selector is the operator's, so that the queries have no scope.</summary>
internal static class HealthQueries
{
    /// <summary>Creates a query for the age of the newest sample, by the clock of the server.</summary>
    public static UpstreamRequest NewestSampleAge(string selector)
    {
        var form = new FormWriter();
        form.Add("query", $"time() - max(timestamp({selector}))");
        form.Add("timeout", "10s");
        return UpstreamRequest.Post(RouteTable.InstantQuery, form.WrittenMemory);
    }

    /// <summary>
    /// Creates a query for the time of the newest sample within the lookback, at each time of a grid. All times are in milliseconds since
    /// 1970.
    /// </summary>
    public static UpstreamRequest NewestSamples(string selector, long from, long to, long step)
    {
        var form = new FormWriter();
        form.Add("query", $"max(timestamp({selector}))");
        form.Add("start", FormatSeconds(from));
        form.Add("end", FormatSeconds(to));
        form.Add("step", FormatSeconds(step));
        form.Add("timeout", "30s");
        return UpstreamRequest.Post(RouteTable.RangeQuery, form.WrittenMemory);
    }

    private static string FormatSeconds(long milliseconds) => (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture);
}
