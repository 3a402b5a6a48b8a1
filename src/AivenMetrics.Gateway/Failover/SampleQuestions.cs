using System.Globalization;
using AivenMetrics.Gateway.Scoping;

namespace AivenMetrics.Gateway.Failover;

/// <summary>What the gateway asks destinations about their samples, for itself: the selector is the operator's, so it carries no scope.</summary>
internal static class SampleQuestions
{
    /// <summary>How old the newest sample is, by the clock of the server that has it.</summary>
    public static UpstreamRequest Age(string selector)
    {
        var form = new FormWriter();
        form.Add("query", $"time() - max(timestamp({selector}))");
        form.Add("timeout", "10s");
        return UpstreamRequest.Post("/api/v1/query", form.Written);
    }

    /// <summary>At which times of a grid there is a sample that is not older than <paramref name="reach"/>.</summary>
    /// <param name="selector">Whose samples.</param>
    /// <param name="from">First time, milliseconds since 1970.</param>
    /// <param name="to">Last time, the same.</param>
    /// <param name="step">Between two times, in milliseconds.</param>
    /// <param name="reach">How far back a sample counts, in milliseconds.</param>
    public static UpstreamRequest Presence(string selector, long from, long to, long step, long reach)
    {
        var form = new FormWriter();
        form.Add("query", $"count({selector})");
        form.Add("start", Seconds(from));
        form.Add("end", Seconds(to));
        form.Add("step", Seconds(step));
        form.Add("lookback_delta", Seconds(reach));
        form.Add("timeout", "30s");
        return UpstreamRequest.Post("/api/v1/query_range", form.Written);
    }

    private static string Seconds(long milliseconds) => (milliseconds / 1000m).ToString(CultureInfo.InvariantCulture);
}
