using System.Net;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>Handles requests whose response is copied from a Prometheus server: scopes, queues, forwards and copies.</summary>
internal sealed class ForwardingHandler(
    ScopedRequestFactory scopedRequests,
    ConcurrencyLimits concurrency,
    QueueAdmission admission,
    UpstreamClient upstream,
    DestinationPool destinations,
    FederationSeriesCheck federationCheck,
    Authenticator authenticator,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<GatewayEndpoint> logger
)
{
    /// <summary>Handles a request whose parameters were read.</summary>
    public async ValueTask<RequestOutcome> HandleAsync(HttpContext context, GatewayRequest request)
    {
        var started = time.GetTimestamp();
        var (scoped, error) = scopedRequests.Create(request);
        metrics.RecordRewrite(time.GetElapsedTime(started).TotalSeconds);
        if (scoped is null)
        {
            return new(error);
        }

        if (request.Route.Kind != RouteKind.RemoteRead)
        {
            return await ForwardAsync(context, request, scoped);
        }

        // A remote read keeps its lease until its client has read the response.
        var (lease, result) = await admission.AcquireAsync(concurrency.RemoteReads, request.Account.RemoteReads, context.RequestAborted);
        using (lease)
        {
            return lease is null
                ? new(LimitErrors.FromAdmission(result, request.Account.Limits))
                : await ForwardAsync(context, request, scoped);
        }
    }

    private async ValueTask<RequestOutcome> ForwardAsync(HttpContext context, GatewayRequest request, UpstreamRequest scoped)
    {
        var queue = request.Account.Queries;
        var (lease, result) = await admission.AcquireAsync(concurrency.Queries, queue, context.RequestAborted);
        using (lease)
        {
            if (lease is null)
            {
                return new(LimitErrors.FromAdmission(result, request.Account.Limits));
            }

            request.Limits.RecordAdmission(queue);
            if (
                request.Route.Kind == RouteKind.Federation
                && await federationCheck.CheckAsync(request, context.RequestAborted) is { } tooMany
            )
            {
                return new(tooMany);
            }

            var headers = ForwardedHeaders.From(context.Request.Headers);
            var edits = request.Limits.RequiresEditing && scoped.Shape is ResponseShape.RequiredJson or ResponseShape.OptionalJson;
            var (response, failure) = await upstream.SendAsync(
                scoped,
                edits ? headers.WithoutCompression() : headers,
                context.RequestAborted
            );
            if (response is null)
            {
                return new(UpstreamErrors.FromFailure(failure, destinations));
            }

            // The response has begun. A client that reads it slowly delays only its own tenant.
            lease.ReleaseSlot();
            using (response)
            {
                return await CopyAsync(context, request, response, scoped.Shape, edits ? headers : null);
            }
        }
    }

    private async ValueTask<RequestOutcome> CopyAsync(
        HttpContext context,
        GatewayRequest request,
        UpstreamResponse response,
        ResponseShape shape,
        ForwardedHeaders? edited
    )
    {
        var destination = response.Destination;
        context.Response.Headers[ResponseCopier.InstanceHeader] = destination.Name;
        var error = UpstreamErrors.GetReplacement(response, shape, request)
            ?? request.Limits.CheckResponseLength(response.Message.Content.Headers.ContentLength);
        if (
            error is null
            && edited is not null
            && response.Message.StatusCode == HttpStatusCode.OK
            && !ResponseCopier.CanTransform(response)
        )
        {
            error = GatewayError.UpstreamUnavailable;
        }

        if (error is null && !authenticator.IsValid(request.Credential))
        {
            error = GatewayError.Unauthenticated;
        }

        if (error is not null)
        {
            return new(error, destination);
        }

        using var minDataRate = shape == ResponseShape.RemoteRead ? new MinResponseDataRate(time) : null;
        var client = new ClientResponse(context, request.Credential, authenticator, minDataRate);
        var transformation =
            edited is not null && ResponseCopier.CanTransform(response)
                ? new ResponseTransformation(ResponseEditor.Create(request.Limits), edited.AcceptsGzip)
                : null;
        var copied = await ResponseCopier.CopyAsync(response, shape, request.Account.Limits.ResponseBytes, client, transformation, logger);
        return new(null, destination, copied.Bytes, copied.AbortReason, copied.ClientDisconnected);
    }
}
