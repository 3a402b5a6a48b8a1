using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// Makes the request that a Prometheus gets. Nothing of it is the client's text: expressions and selectors are printed from our own
/// syntax tree after scoping, the path is the route's, the parameters are the route's and encoded anew.
/// </summary>
internal static class ScopedRequestFactory
{
    /// <summary>The name <c>match[]</c> as a form writes it.</summary>
    public const string EncodedMatch = "match%5B%5D";

    /// <summary>The name <c>extra_filters[]</c> as a form writes it: selectors that VictoriaMetrics adds to every selector it evaluates.</summary>
    public const string EncodedExtraFilters = "extra_filters%5B%5D";

    /// <summary>Half of what a Prometheus takes as a URL and headers (1 MiB, Go's default): beyond it, a 431 would look like a dead server.</summary>
    private const int MaxUrlLength = 512 << 10;

    private static readonly GatewayError MissingQuery = GatewayError.BadData("parameter \"query\" is missing: give a PromQL expression");

    /// <summary>The request for upstream, which asks about a time if that is known, or why there is none.</summary>
    public static (UpstreamRequest? Request, GatewayError? Refusal) Create(
        Route route,
        string? labelName,
        RequestParameters parameters,
        Credential credential,
        RequestLimits limits,
        QueryEngine engine,
        QueryWindow? window = null
    )
    {
        if (route.Kind == RouteKind.RemoteRead)
        {
            return ScopedRemoteRead.Create(parameters.Body.Span, credential.Scope, limits);
        }

        var form = new FormWriter();
        var refusal = route.HasExpression
            ? AddExpression(form, route, parameters, credential, limits)
            : AddSelectors(form, route, parameters, credential, limits);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        foreach (var (name, value) in parameters.Forwarded)
        {
            form.Add(name, value);
        }

        AddExtraFilters(form, credential, engine);
        var asUrl = labelName is not null || route.Kind == RouteKind.Federation;
        if (asUrl && form.WrittenMemory.Length > MaxUrlLength)
        {
            return (
                null,
                GatewayError.BadData(
                    "the match[] parameters are too long together with the scope of the credential: ask in several requests"
                )
            );
        }

        if (labelName is not null)
        {
            return (
                UpstreamRequest.Get(
                    route.Path.Replace("{name}", LabelNames.Encode(labelName, engine), StringComparison.Ordinal),
                    form.WrittenMemory
                ),
                null
            );
        }
        return (
            asUrl
                ? UpstreamRequest.Get(route.Path, form.WrittenMemory, ResponseShape.Exposition)
                : UpstreamRequest.Post(route.Path, form.WrittenMemory, route.Shape, window),
            null
        );
    }

    /// <summary>
    /// Adds the scope once more, as a filter that the engine itself applies, where it can: should our text ever mean another thing to it
    /// than to us, it still shows nothing of others. A client's own filters never come as far: they are no parameters of any route.
    /// </summary>
    public static void AddExtraFilters(FormWriter form, Credential credential, QueryEngine engine)
    {
        if (engine == QueryEngine.VictoriaMetrics)
        {
            form.Add(EncodedExtraFilters, credential.ScopeSelector);
        }
    }

    /// <summary>The expression as the client means it, printed anew; or why there is none.</summary>
    public static (string? Printed, GatewayError? Refusal) PrintExpression(RequestParameters parameters)
    {
        if (parameters.Expression is not { } query)
        {
            return (null, MissingQuery);
        }
        try
        {
            return (Printer.Print(PromQLParser.Parse(query)), null);
        }
        catch (PromQLParseException e)
        {
            return (null, GatewayError.BadData($"invalid parameter \"query\": {e.Message}"));
        }
    }

    private static GatewayError? AddExpression(
        FormWriter form,
        Route route,
        RequestParameters parameters,
        Credential credential,
        RequestLimits limits
    )
    {
        if (parameters.Expression is not { } query)
        {
            return MissingQuery;
        }
        try
        {
            var expr = PromQLParser.Parse(query);
            var tooMuch = route.Kind == RouteKind.Expression ? limits.Check(expr) : limits.CheckRegexSize(RegexSize.Compute(expr));
            if (tooMuch is not null)
            {
                return tooMuch;
            }
            if (
                route.Kind == RouteKind.Expression
                && query.Contains("info", StringComparison.OrdinalIgnoreCase)
                && InfoCalls.AnyWithoutLabels(expr)
            )
            {
                limits.Warn(InfoCalls.Warning);
            }
            form.Add(
                "query",
                route.Kind == RouteKind.UnscopedExpression ? Printer.Print(expr) : ScopeRewriter.Rewrite(expr, credential.Scope)
            );
            return null;
        }
        catch (PromQLParseException e)
        {
            return GatewayError.BadData($"invalid parameter \"query\": {e.Message}");
        }
    }

    private static GatewayError? AddSelectors(
        FormWriter form,
        Route route,
        RequestParameters parameters,
        Credential credential,
        RequestLimits limits
    )
    {
        if (parameters.Selectors.Count == 0)
        {
            if (route.Kind == RouteKind.Selectors)
            {
                return GatewayError.BadData("no match[] parameter provided");
            }
            form.Add(EncodedMatch, credential.ScopeSelector);
        }

        // Each selector grows by the scope, so their number is bounded, as that of the selectors in an expression is.
        if (parameters.Selectors.Count > PromQLParser.MaxSelectors)
        {
            return GatewayError.BadData($"there are more than {PromQLParser.MaxSelectors} match[] parameters: ask in several requests");
        }

        foreach (var match in parameters.Selectors)
        {
            try
            {
                var selector = PromQLParser.ParseMetricSelector(match);
                if (limits.CheckRegexSize(RegexSize.Compute(selector)) is { } tooMuch)
                {
                    return tooMuch;
                }
                form.Add(EncodedMatch, ScopeRewriter.Rewrite(selector, credential.Scope));
            }
            catch (PromQLParseException e)
            {
                return GatewayError.BadData($"invalid parameter \"match[]\": {e.Message}");
            }
        }

        return null;
    }
}
