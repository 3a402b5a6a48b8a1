using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.PromQL;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Requests;

/// <summary>The first and last evaluation of a query, in milliseconds since 1970 (UTC).</summary>
internal readonly record struct EvaluationTimes(long Start, long End);

/// <summary>
/// An authenticated request: its route, credential and usage and, once it is read, its parameters, evaluation times and expression.
/// </summary>
/// <param name="route">The route.</param>
/// <param name="labelName">The label name in the path, decoded; null if the route has none.</param>
/// <param name="credential">The credential that authenticated the request.</param>
/// <param name="usage">The usage of the tenant, with its limits.</param>
internal sealed class GatewayRequest(Route route, string? labelName, Credential credential, TenantUsage usage)
{
    private static readonly GatewayError MissingQuery = GatewayError.BadData(
        "The parameter \"query\" is missing. Give a PromQL expression."
    );

    private Expr? _expression;
    private VectorSelector[]? _selectors;

    /// <summary>The route.</summary>
    public Route Route => route;

    /// <summary>The label name in the path, decoded; null if the route has none.</summary>
    public string? LabelName => labelName;

    /// <summary>The credential that authenticated the request.</summary>
    public Credential Credential => credential;

    /// <summary>The usage of the tenant.</summary>
    public TenantUsage Usage => usage;

    /// <summary>The account of the tenant, which holds its limits and queues.</summary>
    public TenantAccount Account => usage.Account;

    /// <summary>The limits of this request, and the warnings for its response.</summary>
    public RequestLimits Limits { get; } = new(usage.Account);

    /// <summary>The parameters.</summary>
    public RequestParameters Parameters { get; } = new(route);

    /// <summary>
    /// The evaluation times of an instant or range query; null for every other request, and for an instant query without a time.
    /// </summary>
    public EvaluationTimes? Times { get; set; }

    /// <summary>Reads the parameters from the URL and the body, parses their times and applies the limits.</summary>
    /// <param name="request">The HTTP request.</param>
    /// <param name="urlQuery">The query of its URL, still encoded.</param>
    /// <param name="time">The clock for the timeout of the body.</param>
    /// <returns>The error of an invalid parameter or an exceeded limit; null if there is none.</returns>
    public async ValueTask<GatewayError?> ReadAsync(HttpRequest request, string urlQuery, TimeProvider time) =>
        await Parameters.ReadAsync(request, urlQuery, Account, time) ?? ParameterReader.Read(this);

    /// <summary>Returns the parsed expression of the parameter <c>query</c>, or the error. The expression is parsed once.</summary>
    public (Expr? Expression, GatewayError? Error) ParseExpression()
    {
        if (_expression is not null)
        {
            return (_expression, null);
        }

        if (Parameters.Expression is not { } query)
        {
            return (null, MissingQuery);
        }

        try
        {
            return (_expression = PromQLParser.Parse(query), null);
        }
        catch (PromQLParseException e)
        {
            return (null, GatewayError.InvalidParameter("query", e.Message));
        }
    }

    /// <summary>Returns the parsed selectors of the parameter <c>match[]</c>, or the error. Each selector is parsed once.</summary>
    public (VectorSelector[]? Selectors, GatewayError? Error) ParseSelectors()
    {
        if (_selectors is not null)
        {
            return (_selectors, null);
        }

        if (Parameters.Selectors.Count > PromQLParser.MaxSelectors)
        {
            return (
                null,
                GatewayError.BadData($"The request has more than {PromQLParser.MaxSelectors} match[] parameters. Split the request.")
            );
        }

        try
        {
            var selectors = new VectorSelector[Parameters.Selectors.Count];
            for (var i = 0; i < selectors.Length; i++)
            {
                selectors[i] = PromQLParser.ParseMetricSelector(Parameters.Selectors[i]);
            }

            return (_selectors = selectors, null);
        }
        catch (PromQLParseException e)
        {
            return (null, GatewayError.InvalidParameter("match[]", e.Message));
        }
    }
}
