using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Creates the request that a Prometheus server receives. It contains no text of the client: expressions and selectors are printed from the
/// syntax tree after scoping, the path comes from the route table, and the parameters are encoded anew.
/// </summary>
internal sealed class ScopedRequestFactory(GatewayOptions options, DestinationPool destinations, TimeProvider time)
{
    /// <summary>The name <c>match[]</c> in a form.</summary>
    public const string EncodedMatch = "match%5B%5D";

    /// <summary>
    /// The name <c>extra_filters[]</c> in a form: selectors that VictoriaMetrics adds to every selector that it evaluates.
    /// </summary>
    private const string EncodedExtraFilters = "extra_filters%5B%5D";

    /// <summary>
    /// The maximum length of a URL's query in bytes: half of the 1 MiB that Go's HTTP server accepts for URL and headers. Beyond that a
    /// server responds with 431, which would look like a failed server.
    /// </summary>
    private const int MaxUrlLength = 512 << 10;

    /// <summary>Creates the scoped request.</summary>
    /// <returns>The request, or the error of an invalid expression or selector or of an exceeded limit.</returns>
    public (UpstreamRequest? Request, GatewayError? Error) Create(GatewayRequest request)
    {
        var route = request.Route;
        if (route.Kind == RouteKind.RemoteRead)
        {
            return ScopedRemoteRead.Create(request.Parameters.Body.Span, request.Credential.Scope, request.Limits);
        }

        var form = new FormWriter();
        if ((route.HasExpression ? AddExpression(form, request) : AddSelectors(form, request)) is { } error)
        {
            return (null, error);
        }

        request.Parameters.AddTo(form);
        AddExtraFilters(form, request.Credential, options.Engine);
        if (!route.HasLabelName && route.Kind != RouteKind.Federation)
        {
            return (UpstreamRequest.Post(route, form.WrittenMemory, FindWindow(request)), null);
        }

        return form.WrittenMemory.Length > MaxUrlLength
            ? (null, GatewayError.SelectorsTooLong)
            : (UpstreamRequest.Get(route, form.WrittenMemory, path: request.LabelName is { } name ? LabelPath(route, name) : null), null);
    }

    /// <summary>
    /// Adds the scope as a filter that the engine itself applies, if the engine supports it. If the engine read the scoped text
    /// differently, it would still return no other tenant's series. Filters of the client are never forwarded: no route declares the
    /// parameter.
    /// </summary>
    public static void AddExtraFilters(FormWriter form, Credential credential, QueryEngine engine)
    {
        if (engine == QueryEngine.VictoriaMetrics)
        {
            form.Add(EncodedExtraFilters, credential.ScopeSelector);
        }
    }

    private string LabelPath(Route route, string labelName) =>
        route.Path.Replace(RouteTable.LabelNamePlaceholder, LabelNames.Encode(labelName, options.Engine), StringComparison.Ordinal);

    /// <summary>Returns the time range that a query reads, if the choice of a destination depends on it.</summary>
    private QueryWindow? FindWindow(GatewayRequest request) =>
        destinations.HaveDifferentGaps ? QueryWindowFinder.Find(request, time) : null;

    private static GatewayError? AddExpression(FormWriter form, GatewayRequest request)
    {
        var (expression, error) = request.ParseExpression();
        if (expression is null)
        {
            return error;
        }

        if (request.Route.Kind == RouteKind.UnscopedExpression)
        {
            form.Add("query", Printer.Print(expression));
            return request.Limits.CheckRegexSize(Limits.RegexSize.Compute(expression));
        }

        if (request.Limits.CheckExpression(expression) is { } exceeded)
        {
            return exceeded;
        }

        if (
            request.Parameters.Expression!.Contains("info", StringComparison.OrdinalIgnoreCase)
            && InfoCallCheck.AnyWithoutLabels(expression)
        )
        {
            request.Limits.Warn(InfoCallCheck.Warning);
        }

        form.Add("query", ScopeRewriter.Rewrite(expression, request.Credential.Scope));
        return null;
    }

    private static GatewayError? AddSelectors(FormWriter form, GatewayRequest request)
    {
        if (request.Parameters.Selectors.Count == 0)
        {
            if (request.Route.Kind == RouteKind.Selectors)
            {
                return GatewayError.BadData("no match[] parameter provided");
            }

            form.Add(EncodedMatch, request.Credential.ScopeSelector);
            return null;
        }

        var (selectors, error) = request.ParseSelectors();
        foreach (var selector in selectors ?? [])
        {
            if (request.Limits.CheckRegexSize(Limits.RegexSize.Compute(selector)) is { } exceeded)
            {
                return exceeded;
            }

            form.Add(EncodedMatch, ScopeRewriter.Rewrite(selector, request.Credential.Scope));
        }

        return error;
    }
}
