using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Filtering;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Limits;

/// <summary>
/// Counts the series of a federation before it is asked for: its format has no place for a warning, and an answer that breaks off would
/// tell nothing. A series that several <c>match[]</c> select counts for each of them.
/// </summary>
internal static class FederationCheck
{
    /// <summary>The answer is one number, and what else a query engine says.</summary>
    private const int AnswerLengthMax = 64 << 10;

    private const string OfQuery = "invalid parameter \"query\": ";

    /// <summary>The refusal of a federation of too many series, or of one that cannot be counted; null if it may be asked for.</summary>
    public static async ValueTask<Refusal?> CheckAsync(
        Upstream upstream, Destinations destinations, QueryEngine engine, RequestParameters parameters, Credential credential, PlanLimits plan,
        CancellationToken aborted)
    {
        var form = new FormWriter();
        form.Add("query", string.Join(" + ", parameters.Selectors.Select(selector =>
            $"(count({Scope.RewriteSelector(selector, credential.Scope)}) or vector(0))")));
        form.Add("timeout", plan.QueryTimeoutText);
        ScopedRequest.AddSecondBelt(form, credential, engine);
        var (answer, failure) = await upstream.AskAsync(UpstreamRequest.Post("/api/v1/query", form.Written, wholeUpTo: AnswerLengthMax), ForwardedHeaders.None, aborted);
        if (answer is null)
            return Refusal.Of(failure, destinations);
        using (answer)
        {
            if (!answer.Response.IsSuccessStatusCode)
                return OfSelectors(UpstreamErrors.RefusalOf(answer, credential));
            return Count(answer) is { } series
                ? series > plan.Series ? LimitRefusals.TooManySeries(plan, series) : null
                : Refusal.Unavailable;
        }
    }

    /// <summary>The query was made here: what is wrong with it came from the selectors.</summary>
    private static Refusal OfSelectors(Refusal refusal) =>
        refusal.Message.StartsWith(OfQuery, StringComparison.Ordinal)
            ? refusal with { Message = "invalid parameter \"match[]\": " + refusal.Message[OfQuery.Length..] }
            : refusal;

    private static long? Count(UpstreamAnswer answer)
    {
        if (answer.Body!.Json is not { } json)
            return null;
        var result = FilterInput.ListOf(FilterInput.Member(json.RootElement, "data"), "result").FirstOrDefault();
        return FilterInput.ListOf(result, "value").ElementAtOrDefault(1) is { ValueKind: JsonValueKind.String } value
            && double.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var series) ? (long)series : null;
    }
}
