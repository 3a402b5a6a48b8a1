using System.Buffers;
using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
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

/// <summary>A filtered answer.</summary>
/// <param name="Body">The answer, not written yet; null if there is none.</param>
/// <param name="Error">Why there is none.</param>
/// <param name="Destination">The Prometheus that answered, if one did.</param>
internal readonly record struct FilteredResponse(ReadOnlyMemory<byte>? Body, GatewayError? Error, Destination? Destination)
{
    public static FilteredResponse Failed(GatewayError? refusal, Destination? destination = null) => new(null, refusal, destination);
}

/// <summary>
/// Makes the tenant's part of what a Prometheus says of everybody: read whole, filtered, written anew. Such an answer can be large, so that
/// whoever asks needs a place (<see cref="ConcurrencyLimits.FilteredResponses"/>).
/// </summary>
internal sealed class ResponseFilter(UpstreamClient upstream, DestinationPool destinations, GatewayOptions options, TimeProvider time)
{
    /// <summary>The longest answer that is filtered, 32 MiB.</summary>
    public const int MaxResponseBytes = 32 << 20;

    /// <summary>From this version on, rules can be asked for by label.</summary>
    private static readonly Version RuleSelectorsVersion = new(2, 54);

    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>Makes the answer to a request of a route that <see cref="Route.IsFiltered"/>.</summary>
    public async ValueTask<FilteredResponse> CreateAsync(
        Route route,
        RequestParameters parameters,
        Credential credential,
        TenantAccount account,
        CancellationToken cancellationToken
    )
    {
        var (request, refusal) = CreateRequest(route, parameters, credential);
        if (request is null)
        {
            return FilteredResponse.Failed(refusal);
        }
        if (route.UnsupportedBy == options.Engine)
        {
            return new(await WriteAsync(default, route, parameters, credential, account), null, null);
        }

        var (answer, failure) = await upstream.SendAsync(request, ForwardedHeaders.None, cancellationToken);
        using (answer)
        {
            if (answer is not null)
            {
                return await FilterAsync(answer, route, parameters, credential, account);
            }
            if (failure == UpstreamFailure.NotSupported && EmptyResponse(route.Kind) is { } nothing)
            {
                return new(nothing, null, null);
            }
            // Which services send samples is then not told; all else needs no server.
            return route.Kind == RouteKind.Explain
                ? new(await WriteAsync(default, route, parameters, credential, account), null, null)
                : FilteredResponse.Failed(GatewayError.FromUpstreamFailure(failure, destinations));
        }
    }

    /// <summary>Sends what <see cref="CreateAsync"/> made, and returns the number of bytes.</summary>
    public static async ValueTask<long> SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return body.Length;
    }

    private async ValueTask<FilteredResponse> FilterAsync(
        UpstreamResponse answer,
        Route route,
        RequestParameters parameters,
        Credential credential,
        TenantAccount account
    )
    {
        if (!answer.Message.IsSuccessStatusCode)
        {
            return FilteredResponse.Failed(UpstreamErrors.ToGatewayError(answer, credential), answer.Destination);
        }
        if (answer.Body!.Json is not { } json)
        {
            return FilteredResponse.Failed(GatewayError.UnfilteredResponseTooLarge, answer.Destination);
        }
        return new(
            await WriteAsync(UpstreamData.GetMember(json.RootElement, "data"), route, parameters, credential, account),
            null,
            answer.Destination
        );
    }

    /// <summary>The whole answer: what is the tenant's of this data, or of none if the engine lacks the path.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> WriteAsync(
        JsonElement data,
        Route route,
        RequestParameters parameters,
        Credential credential,
        TenantAccount account
    )
    {
        var written = new ArrayBufferWriter<byte>(4096);
        await using (var to = new Utf8JsonWriter(written))
        {
            to.WriteStartObject();
            to.WriteString("status", "success");
            to.WritePropertyName("data");
            Write(route.Kind, new UpstreamData(data, new ScopeLabels(credential.Scope), parameters), credential, account, to);
            to.WriteEndObject();
        }

        return written.WrittenMemory;
    }

    /// <summary>What a Prometheus is asked; everything but the scope and the few parameters named here is applied to its answer.</summary>
    private (UpstreamRequest? Request, GatewayError? Refusal) CreateRequest(
        Route route,
        RequestParameters parameters,
        Credential credential
    )
    {
        var path = route.Path;
        var form = new FormWriter();
        switch (route.Kind)
        {
            case RouteKind.Targets:
                form.Add("state", "active".Equals(parameters["state"], StringComparison.OrdinalIgnoreCase) ? "active" : "any");
                break;
            case RouteKind.Metadata or RouteKind.TargetMetadata:
                path = "/api/v1/targets/metadata";
                if (AddMetadataParameters(form, route, parameters, credential) is { } refusal)
                {
                    return (null, refusal);
                }
                break;
            case RouteKind.Explain or RouteKind.Services:
                return ServicesFilter.CreateRequest(parameters.Expression, credential, options.Engine);
            case RouteKind.Rules:
                foreach (var (name, value) in parameters.Forwarded)
                {
                    form.Add(name, value);
                }
                if (destinations.LowestVersion() is { } version && Version.Parse(version) >= RuleSelectorsVersion)
                {
                    form.Add(ScopedRequestFactory.EncodedMatch, credential.ScopeSelector);
                }
                break;
        }

        return (UpstreamRequest.Get(path, form.WrittenMemory, ResponseShape.OptionalJson, MaxResponseBytes), null);
    }

    private static GatewayError? AddMetadataParameters(FormWriter form, Route route, RequestParameters parameters, Credential credential)
    {
        if (!MetadataFilter.TryParseLimit(parameters["limit"], out _))
        {
            return GatewayError.BadData("limit must be a number");
        }
        if (route.Kind == RouteKind.Metadata && !MetadataFilter.TryParseLimit(parameters["limit_per_metric"], out _))
        {
            return GatewayError.BadData("limit_per_metric must be a number");
        }
        if (parameters["metric"] is { Length: > 0 } metric)
        {
            form.Add("metric", metric);
        }

        var selector = credential.ScopeSelector;
        if (route.Kind == RouteKind.TargetMetadata && parameters["match_target"] is { Length: > 0 } given)
        {
            try
            {
                var parsed = PromQLParser.ParseMetricSelector(given);
                if (RegexSize.Compute(parsed) is > RegexSize.Max and var size)
                {
                    return LimitErrors.RegexesTooLarge(size);
                }
                selector = ScopeRewriter.Rewrite(parsed, credential.Scope);
            }
            catch (PromQLParseException e)
            {
                return GatewayError.BadData($"invalid parameter \"match_target\": {e.Message}");
            }
        }

        form.Add("match_target", selector);
        return null;
    }

    private void Write(RouteKind treatment, UpstreamData input, Credential credential, TenantAccount account, Utf8JsonWriter to)
    {
        switch (treatment)
        {
            case RouteKind.Targets:
                TargetsFilter.Write(input, to);
                break;
            case RouteKind.TargetMetadata:
                MetadataFilter.WriteByTarget(input, to);
                break;
            case RouteKind.Metadata:
                MetadataFilter.WriteByMetric(input, to);
                break;
            case RouteKind.Rules:
                RulesFilter.WriteRules(input, to);
                break;
            case RouteKind.Alerts:
                RulesFilter.WriteAlerts(input, to);
                break;
            case RouteKind.Flags:
                StatusFilter.WriteFlags(input, account.Limits, to);
                break;
            case RouteKind.RuntimeInfo:
                StatusFilter.WriteRuntimeInfo(input, _started, to);
                break;
            case RouteKind.Features:
                StatusFilter.WriteFeatures(input, to);
                break;
            case RouteKind.Services:
                ServicesFilter.Write(input, to);
                break;
            case RouteKind.Explain:
                ExplainResponse.Write(input, credential, options, account, to);
                break;
            default:
                throw new InvalidOperationException($"{treatment} is not filtered.");
        }
    }

    /// <summary>The answer where the query engine has no such path and clients expect one; null where it is a 404 for them too.</summary>
    private static byte[]? EmptyResponse(RouteKind treatment) =>
        treatment switch
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
