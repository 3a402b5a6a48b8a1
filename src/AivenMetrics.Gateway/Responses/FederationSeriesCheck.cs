using System.Globalization;
using System.Text.Json;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Counts the series of a federation before it is forwarded, because its text format has no place for a warning. A series that several
/// <c>match[]</c> select counts once for each of them.
/// </summary>
internal sealed class FederationSeriesCheck(UpstreamClient upstream, DestinationPool destinations, GatewayOptions options)
{
    /// <summary>The maximum size of the response in bytes. The response contains one number and possibly warnings.</summary>
    private const int MaxResponseBytes = 64 << 10;

    private const string QueryErrorPrefix = "invalid parameter \"query\": ";

    /// <summary>
    /// Returns the error of a federation that selects too many series, or whose series cannot be counted; null otherwise.
    /// </summary>
    public async ValueTask<GatewayError?> CheckAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var (selectors, invalid) = request.ParseSelectors();
        if (selectors is null)
        {
            return invalid;
        }

        var (response, failure) = await upstream.SendAsync(CreateRequest(request, selectors), ForwardedHeaders.None, cancellationToken);
        if (response is null)
        {
            return UpstreamErrors.FromFailure(failure, destinations);
        }

        using (response)
        {
            if (!response.Message.IsSuccessStatusCode)
            {
                return ToSelectorError(UpstreamErrors.ToGatewayError(response, request.Credential));
            }

            var limits = request.Account.Limits;
            return ReadCount(response) is { } series
                ? series > limits.Series
                    ? LimitErrors.TooManySeries(limits, series)
                    : null
                : GatewayError.UpstreamUnavailable;
        }
    }

    private UpstreamRequest CreateRequest(GatewayRequest request, VectorSelector[] selectors)
    {
        var form = new FormWriter();
        form.Add(
            "query",
            string.Join(
                " + ",
                selectors.Select(selector => $"(count({ScopeRewriter.Rewrite(selector, request.Credential.Scope)}) or vector(0))")
            )
        );
        form.Add("timeout", request.Account.Limits.QueryTimeoutText);
        ScopedRequestFactory.AddExtraFilters(form, request.Credential, options.Engine);
        return UpstreamRequest.Post(RouteTable.InstantQuery, form.WrittenMemory, maxBufferedBytes: MaxResponseBytes);
    }

    /// <summary>Names <c>match[]</c> in an error of the query that the gateway made from it.</summary>
    private static GatewayError ToSelectorError(GatewayError error) =>
        error.Message.StartsWith(QueryErrorPrefix, StringComparison.Ordinal)
            ? error with
            {
                Message = "invalid parameter \"match[]\": " + error.Message[QueryErrorPrefix.Length..],
            }
            : error;

    private static long? ReadCount(UpstreamResponse response)
    {
        if (response.Body!.Json is not { } json)
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
