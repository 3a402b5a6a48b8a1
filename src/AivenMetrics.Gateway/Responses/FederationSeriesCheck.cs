using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Counts the series of a federation before it is asked for: its format has no place for a warning, and an answer that breaks off would
/// tell nothing. A series that several <c>match[]</c> select counts for each of them.
/// </summary>
internal static class FederationSeriesCheck
{
    /// <summary>The answer is one number, and what else a query engine says.</summary>
    private const int MaxResponseBytes = 64 << 10;

    private const string QueryErrorPrefix = "invalid parameter \"query\": ";

    /// <summary>The refusal of a federation of too many series, or of one that cannot be counted; null if it may be asked for.</summary>
    public static async ValueTask<GatewayError?> CheckAsync(
        UpstreamClient upstream,
        DestinationPool destinations,
        QueryEngine engine,
        RequestParameters parameters,
        Credential credential,
        TenantLimits plan,
        CancellationToken cancellationToken
    )
    {
        var form = new FormWriter();
        form.Add(
            "query",
            string.Join(
                " + ",
                parameters.Selectors.Select(selector =>
                    $"(count({ScopeRewriter.RewriteSelector(selector, credential.Scope)}) or vector(0))"
                )
            )
        );
        form.Add("timeout", plan.QueryTimeoutText);
        ScopedRequestFactory.AddExtraFilters(form, credential, engine);
        var (answer, failure) = await upstream.SendAsync(
            UpstreamRequest.Post("/api/v1/query", form.WrittenMemory, maxBufferedBytes: MaxResponseBytes),
            ForwardedHeaders.None,
            cancellationToken
        );
        if (answer is null)
        {
            return GatewayError.FromUpstreamFailure(failure, destinations);
        }
        using (answer)
        {
            if (!answer.Message.IsSuccessStatusCode)
            {
                return ToSelectorError(UpstreamErrors.ToGatewayError(answer, credential));
            }
            return ReadCount(answer) is { } series
                ? series > plan.Series
                    ? LimitErrors.TooManySeries(plan, series)
                    : null
                : GatewayError.UpstreamUnavailable;
        }
    }

    /// <summary>The query was made here: what is wrong with it came from the selectors.</summary>
    private static GatewayError ToSelectorError(GatewayError refusal) =>
        refusal.Message.StartsWith(QueryErrorPrefix, StringComparison.Ordinal)
            ? refusal with
            {
                Message = "invalid parameter \"match[]\": " + refusal.Message[QueryErrorPrefix.Length..],
            }
            : refusal;

    private static long? ReadCount(UpstreamResponse answer)
    {
        if (answer.Body!.Json is not { } json)
        {
            return null;
        }
        var result = UpstreamData.GetList(UpstreamData.GetMember(json.RootElement, "data"), "result").FirstOrDefault();
        return
            UpstreamData.GetList(result, "value").ElementAtOrDefault(1) is { ValueKind: JsonValueKind.String } value
            && double.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var series)
            ? (long)series
            : null;
    }
}
