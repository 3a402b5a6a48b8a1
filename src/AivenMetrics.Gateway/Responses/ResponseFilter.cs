using System.Buffers;
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
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Responses;

/// <summary>A filtered response.</summary>
/// <param name="Body">The body, not written yet; null if there is none.</param>
/// <param name="Error">The reason why there is no body; null otherwise.</param>
/// <param name="Destination">The Prometheus server that responded; null if none did.</param>
internal readonly record struct FilteredResponse(ReadOnlyMemory<byte>? Body, GatewayError? Error, Destination? Destination)
{
    public static FilteredResponse Failed(GatewayError? error, Destination? destination = null) => new(null, error, destination);
}

/// <summary>
/// Creates responses from data that a Prometheus server does not scope itself: buffers its response, filters it and writes it anew. A
/// response can be large, so that a caller needs a lease of <see cref="ConcurrencyLimits.FilteredResponses"/>.
/// </summary>
internal sealed class ResponseFilter(UpstreamClient upstream, DestinationPool destinations, GatewayOptions options, TimeProvider time)
{
    /// <summary>The maximum size of a response to filter in bytes, 32 MiB.</summary>
    public const int MaxResponseBytes = 32 << 20;

    private const string WholeNumber = "Give a whole number of at most 2147483647.";

    /// <summary>The first version of Prometheus that selects rules by label.</summary>
    private static readonly Version RuleSelectorsVersion = new(2, 54);

    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>Creates the response to a request of a route with <see cref="Route.IsFiltered"/>.</summary>
    public async ValueTask<FilteredResponse> CreateAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        var (upstreamRequest, error) = CreateRequest(request);
        if (upstreamRequest is null)
        {
            return FilteredResponse.Failed(error);
        }

        if (request.Route.UnsupportedBy == options.Engine)
        {
            return new(await WriteAsync(default, request), null, null);
        }

        var (response, failure) = await upstream.SendAsync(upstreamRequest, ForwardedHeaders.None, cancellationToken);
        using (response)
        {
            if (response is not null)
            {
                return await FilterAsync(response, request);
            }

            if (failure == UpstreamFailure.NotSupported && EmptyResponse(request.Route.Kind) is { } empty)
            {
                return new(empty, null, null);
            }

            // An explanation needs no server except for its list of services.
            return request.Route.Kind == RouteKind.Explain
                ? new(await WriteAsync(default, request), null, null)
                : FilteredResponse.Failed(UpstreamErrors.FromFailure(failure, destinations));
        }
    }

    /// <summary>Sends a body that <see cref="CreateAsync"/> created.</summary>
    /// <returns>The number of bytes sent.</returns>
    public static async ValueTask<long> SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return body.Length;
    }

    private async ValueTask<FilteredResponse> FilterAsync(UpstreamResponse response, GatewayRequest request)
    {
        if (!response.Message.IsSuccessStatusCode)
        {
            return FilteredResponse.Failed(UpstreamErrors.ToGatewayError(response, request.Credential), response.Destination);
        }

        if (response.Body!.Json is not { } json)
        {
            return FilteredResponse.Failed(GatewayError.UnfilteredResponseTooLarge, response.Destination);
        }

        return new(await WriteAsync(UpstreamData.GetMember(json.RootElement, "data"), request), null, response.Destination);
    }

    /// <summary>Writes the complete response: the part of the data that is in scope; nothing for undefined data.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> WriteAsync(JsonElement data, GatewayRequest request)
    {
        var written = new ArrayBufferWriter<byte>(4096);
        await using (var to = new Utf8JsonWriter(written))
        {
            to.WriteStartObject();
            to.WriteString("status", "success");
            to.WritePropertyName("data");
            Write(new UpstreamData(data, new ScopeFilter(request.Credential.Scope), request.Parameters), request, to);
            to.WriteEndObject();
        }

        return written.WrittenMemory;
    }

    /// <summary>Creates the request to a server. All other parameters of the client are applied to the response.</summary>
    private (UpstreamRequest? Request, GatewayError? Error) CreateRequest(GatewayRequest request)
    {
        var route = request.Route;
        var form = new FormWriter();
        switch (route.Kind)
        {
            case RouteKind.Targets:
                var isActive = "active".Equals(request.Parameters[RouteParameter.State], StringComparison.OrdinalIgnoreCase);
                form.Add("state", isActive ? "active" : "any");
                break;
            case RouteKind.Metadata or RouteKind.TargetMetadata:
                if (AddMetadataParameters(form, request) is { } error)
                {
                    return (null, error);
                }

                route = RouteTable.TargetMetadata;
                break;
            case RouteKind.Explain or RouteKind.Services:
                return ServicesFilter.CreateRequest(request, options.Engine);
            case RouteKind.Rules:
                request.Parameters.AddTo(form);
                if (destinations.LowestVersion() is { } version && Version.Parse(version) >= RuleSelectorsVersion)
                {
                    form.Add(ScopedRequestFactory.EncodedMatch, request.Credential.ScopeSelector);
                }

                break;
        }

        return (UpstreamRequest.Get(route, form.WrittenMemory, MaxResponseBytes), null);
    }

    private static GatewayError? AddMetadataParameters(FormWriter form, GatewayRequest request)
    {
        var parameters = request.Parameters;
        if (!MetadataFilter.TryParseLimit(parameters[RouteParameter.Limit], out _))
        {
            return GatewayError.BadData($"limit must be a number. {WholeNumber}");
        }

        if (request.Route.Kind == RouteKind.Metadata && !MetadataFilter.TryParseLimit(parameters[RouteParameter.LimitPerMetric], out _))
        {
            return GatewayError.BadData($"limit_per_metric must be a number. {WholeNumber}");
        }

        if (parameters[RouteParameter.Metric] is { Length: > 0 } metric)
        {
            form.Add("metric", metric);
        }

        var selector = request.Credential.ScopeSelector;
        if (request.Route.Kind == RouteKind.TargetMetadata && parameters[RouteParameter.MatchTarget] is { Length: > 0 } given)
        {
            try
            {
                var parsed = PromQLParser.ParseMetricSelector(given);
                if (request.Limits.CheckRegexSize(RegexSize.Compute(parsed)) is { } tooLarge)
                {
                    return tooLarge;
                }

                selector = ScopeRewriter.Rewrite(parsed, request.Credential.Scope);
            }
            catch (PromQLParseException e)
            {
                return GatewayError.InvalidParameter("match_target", e.Message);
            }
        }

        form.Add("match_target", selector);
        return null;
    }

    private void Write(UpstreamData data, GatewayRequest request, Utf8JsonWriter to)
    {
        switch (request.Route.Kind)
        {
            case RouteKind.Targets:
                TargetsFilter.Write(data, to);
                break;
            case RouteKind.TargetMetadata:
                MetadataFilter.WriteByTarget(data, to);
                break;
            case RouteKind.Metadata:
                MetadataFilter.WriteByMetric(data, to);
                break;
            case RouteKind.Rules:
                RulesFilter.WriteRules(data, to);
                break;
            case RouteKind.Alerts:
                RulesFilter.WriteAlerts(data, to);
                break;
            case RouteKind.Flags:
                ServerStatusFilter.WriteFlags(data, request.Account.Limits, to);
                break;
            case RouteKind.RuntimeInfo:
                ServerStatusFilter.WriteRuntimeInfo(data, _started, to);
                break;
            case RouteKind.Features:
                ServerStatusFilter.WriteFeatures(data, to);
                break;
            case RouteKind.Services:
                ServicesFilter.Write(data, to);
                break;
            case RouteKind.Explain:
                ExplainResponse.Write(data, request, options, to);
                break;
            default:
                throw new InvalidOperationException($"The route kind {request.Route.Kind} is not filtered.");
        }
    }

    /// <summary>Returns the response if the engine does not have a path that clients expect; null if clients get a 404 too.</summary>
    private static byte[]? EmptyResponse(RouteKind kind) =>
        kind switch
        {
            RouteKind.Targets =>
                """{"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}}"""u8.ToArray(),
            RouteKind.TargetMetadata => """{"status":"success","data":[]}"""u8.ToArray(),
            RouteKind.Metadata => """{"status":"success","data":{}}"""u8.ToArray(),
            RouteKind.Rules => """{"status":"success","data":{"groups":[]}}"""u8.ToArray(),
            RouteKind.Alerts => """{"status":"success","data":{"alerts":[]}}"""u8.ToArray(),
            _ => null,
        };
}
