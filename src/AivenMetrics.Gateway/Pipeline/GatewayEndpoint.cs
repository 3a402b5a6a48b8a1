using System.Net;
using AivenMetrics.Authentication;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
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
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>
/// Handles every request of a gateway.
/// </summary>
/// <remarks>
/// 1. Read the raw target; refuse what is ambiguous.
/// 2. Find the route; refuse what is in no table, or what the method does not fit.
/// 3. Authenticate, where the route wants it; who knows no tenants says so instead of calling a password wrong. A failure is told late.
/// 4. Read the parameters; refuse what is doubled or not well encoded, and what the tenant's plan does not allow.
/// 5. Make the scoped request.
/// 6. Wait for a place, then ask the destinations in turn.
/// 7. Copy the answer. Where a Prometheus answers with everybody's, <see cref="ResponseFilter"/> does 5 to 7 in its own way.
/// Each step can end with a <see cref="GatewayError"/>, which is then written, counted and logged in one place.
/// </remarks>
internal sealed class GatewayEndpoint(
    CredentialStore tenants,
    Authenticator authenticator,
    FailedLoginThrottle failedLogins,
    UpstreamClient upstream,
    DestinationPool destinations,
    LocalResponses local,
    ResponseFilter filtered,
    TenantRegistry ledger,
    ConcurrencyLimits gates,
    CorsPolicy cors,
    GatewayOptions options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<GatewayEndpoint> logger
)
{
    private const int ClientClosedRequest = 499;

    /// <summary>What is known of a request when its line is logged.</summary>
    private sealed class RequestState
    {
        public Route? Route;
        public Credential? Credential;
        public TenantUsage? Usage;
        public Destination? Destination;
        public long Bytes;
        public string? AbortReason;
        public bool ClientDisconnected;
    }

    /// <summary>The request delegate.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var exchange = new RequestState();
        GatewayError? refusal = null;
        cors.AddHeaders(context);
        try
        {
            refusal = await ProcessAsync(context, exchange);
            if (refusal is not null)
            {
                await refusal.WriteAsync(context);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; upstream was told to stop by the same token.
            exchange.ClientDisconnected = true;
        }
        catch (Exception e)
        {
            logger.RequestFailed(e, exchange.Route?.Path ?? "none");
            refusal = GatewayError.InternalError;
            await refusal.WriteAsync(context);
        }

        Record(context, exchange, refusal, time.GetElapsedTime(started));
    }

    private async ValueTask<GatewayError?> ProcessAsync(HttpContext context, RequestState exchange)
    {
        // :: Steps 1 and 2
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (RequestTarget.Parse(raw, options.PathPrefix) is not { } target)
        {
            return GatewayError.MalformedTarget;
        }
        var (route, labelName, refusal) = RouteTable.Find(context.Request.Method, target.Path);
        exchange.Route = route;
        if (route is null)
        {
            return refusal;
        }
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            cors.WritePreflight(context, route);
            return null;
        }

        // :: Step 3
        if (!route.RequiresCredential)
        {
            return await local.WriteAsync(context, route);
        }
        if (tenants.Current is null)
        {
            return GatewayError.CredentialsNotLoaded;
        }
        if (authenticator.Authenticate(context.Request) is not { } credential)
        {
            await failedLogins.DelayAsync(context.Connection.RemoteIpAddress, context.RequestAborted);
            return GatewayError.Unauthenticated;
        }

        exchange.Credential = credential;
        var usage = exchange.Usage = ledger.BeginRequest(credential.Tenant);
        var limits = new RequestLimits(usage.Account);
        if (limits.CheckRate() is { } tooFast)
        {
            return tooFast;
        }
        if (route.Kind == RouteKind.Limits)
        {
            await LimitsResponse.WriteAsync(context, usage);
            return null;
        }

        if (route.Kind is RouteKind.BuildInfo or RouteKind.Alertmanagers)
        {
            return await local.WriteAsync(context, route);
        }
        if (route.MinVersion is not null && route.UnsupportedBy == options.Engine)
        {
            return GatewayError.NotSupported;
        }
        if (route.MinVersion is not null && destinations.LowestVersion() is { } version && Version.Parse(version) < route.MinVersion)
        {
            return GatewayError.NotSupported;
        }

        // :: Step 4
        var parameters = new RequestParameters(route);
        if (await parameters.ReadAsync(context.Request, target.Query, usage.Account, time) is { } unreadable)
        {
            return unreadable;
        }
        if (limits.Check(route, parameters) is { } beyond)
        {
            return beyond;
        }

        if (route.Kind == RouteKind.Federation && parameters.Selectors.Count == 0)
        {
            return await local.WriteAsync(context, route);
        }
        if (route.UnsupportedBy == options.Engine && !route.IsFiltered)
        {
            return await LocalResponses.WriteSubstituteAsync(context, route, parameters);
        }
        return route.IsFiltered
            ? await FilterAsync(context, exchange, route, parameters, credential)
            : await ForwardAsync(context, exchange, route, labelName, parameters, credential, limits);
    }

    private async ValueTask<GatewayError?> FilterAsync(
        HttpContext context,
        RequestState exchange,
        Route route,
        RequestParameters parameters,
        Credential credential
    )
    {
        var account = exchange.Usage!.Account;
        var (room, full) = await AcquireAsync(gates.FilteredResponses, account.FilteredResponses, context.RequestAborted);
        using (room)
        {
            if (room is null)
            {
                return LimitErrors.FromAdmission(full, account.Limits);
            }
            FilteredResponse answer;
            var (place, entry) = await AcquireAsync(gates.Queries, account.Queries, context.RequestAborted);
            using (place)
            {
                if (place is null)
                {
                    return LimitErrors.FromAdmission(entry, account.Limits);
                }
                answer = await filtered.CreateAsync(route, parameters, credential, account, context.RequestAborted);
            }

            // The answer is made: who reads it slowly holds up only its own tenant.
            room.ReleaseSlot();
            if ((exchange.Destination = answer.Destination) is { } destination)
            {
                context.Response.Headers[ResponseCopier.InstanceHeader] = destination.Name;
            }
            if (!authenticator.IsValid(credential))
            {
                return GatewayError.Unauthenticated;
            }
            if (answer.Body is { } body)
            {
                exchange.Bytes = await ResponseFilter.SendAsync(context, body);
            }
            return answer.Error;
        }
    }

    private async ValueTask<GatewayError?> ForwardAsync(
        HttpContext context,
        RequestState exchange,
        Route route,
        string? labelName,
        RequestParameters parameters,
        Credential credential,
        RequestLimits limits
    )
    {
        // :: Step 5
        var rewriting = time.GetTimestamp();
        var window = destinations.HaveDifferentGaps ? QueryWindowFinder.Find(route, parameters, time) : null;
        var (request, unscopable) = ScopedRequestFactory.Create(route, labelName, parameters, credential, limits, options.Engine, window);
        metrics.RecordRewrite(time.GetElapsedTime(rewriting).TotalSeconds);
        if (request is null)
        {
            return unscopable;
        }

        // :: Step 6
        var account = exchange.Usage!.Account;
        var isRead = route.Kind == RouteKind.RemoteRead;
        var (read, full) = isRead ? await AcquireAsync(gates.RemoteReads, account.RemoteReads, context.RequestAborted) : default;
        using var reading = read;
        if (isRead && read is null)
        {
            return LimitErrors.FromAdmission(full, limits.Limits);
        }
        var lane = account.Queries;
        var (place, entry) = await AcquireAsync(gates.Queries, lane, context.RequestAborted);
        using (place)
        {
            if (place is null)
            {
                return LimitErrors.FromAdmission(entry, limits.Limits);
            }
            limits.RecordAdmission(lane);
            if (
                route.Kind == RouteKind.Federation
                && await FederationSeriesCheck.CheckAsync(
                    upstream,
                    destinations,
                    options.Engine,
                    parameters,
                    credential,
                    limits.Limits,
                    context.RequestAborted
                )
                    is { } tooMany
            )
            {
                return tooMany;
            }

            var headers = ForwardedHeaders.From(context.Request.Headers);
            var edits = limits.RequiresEditing && request.Shape is ResponseShape.RequiredJson or ResponseShape.OptionalJson;
            var (answer, failure) = await upstream.SendAsync(
                request,
                edits ? headers.WithoutCompression() : headers,
                context.RequestAborted
            );
            if (answer is null)
            {
                return GatewayError.FromUpstreamFailure(failure, destinations);
            }

            // The answer is made: who reads it slowly holds up only its own tenant.
            place.ReleaseSlot();
            return await CopyAsync(context, exchange, answer, request.Shape, credential, limits, edits ? headers : null);
        }
    }

    private async ValueTask<GatewayError?> CopyAsync(
        HttpContext context,
        RequestState exchange,
        UpstreamResponse answer,
        ResponseShape shape,
        Credential credential,
        RequestLimits limits,
        ForwardedHeaders? edited
    )
    {
        // :: Step 7
        using (answer)
        using (var pace = shape == ResponseShape.RemoteRead ? new MinResponseDataRate(time) : null)
        {
            exchange.Destination = answer.Destination;
            context.Response.Headers[ResponseCopier.InstanceHeader] = answer.Destination.Name;
            if (UpstreamErrors.GetReplacement(answer, shape, credential, limits) is { } replaced)
            {
                return replaced;
            }
            if (limits.CheckResponseLength(answer.Message.Content.Headers.ContentLength) is { } tooLong)
            {
                return tooLong;
            }
            if (edited is not null && answer.Message.StatusCode == HttpStatusCode.OK && !EditedResponse.CanEdit(answer))
            {
                return GatewayError.UpstreamUnavailable;
            }
            if (!authenticator.IsValid(credential))
            {
                return GatewayError.Unauthenticated;
            }
            var to = new ClientResponse(context, credential, authenticator, pace);
            (exchange.Bytes, exchange.AbortReason, exchange.ClientDisconnected) =
                edited is not null && EditedResponse.CanEdit(answer)
                    ? await EditedResponse.CopyAsync(answer, limits, edited.AcceptsGzip, to, logger)
                    : await ResponseCopier.CopyAsync(answer, shape, limits.Limits.ResponseBytes, to, logger);
            return null;
        }
    }

    private ValueTask<(FairQueue.Lease? Place, AdmissionResult Entry)> AcquireAsync(
        FairQueue gate,
        TenantQueue lane,
        CancellationToken cancellationToken
    )
    {
        var entering = gate.AcquireAsync(lane, cancellationToken);
        return entering.IsCompletedSuccessfully ? entering : AcquireAfterWaitAsync(entering);
    }

    private async ValueTask<(FairQueue.Lease? Place, AdmissionResult Entry)> AcquireAfterWaitAsync(
        ValueTask<(FairQueue.Lease? Place, AdmissionResult Entry)> entering
    )
    {
        var waiting = time.GetTimestamp();
        try
        {
            return await entering;
        }
        finally
        {
            metrics.RecordQueueTime(time.GetElapsedTime(waiting).TotalSeconds);
        }
    }

    private void Record(HttpContext context, RequestState exchange, GatewayError? refusal, TimeSpan elapsed)
    {
        // Method and route are ours, not the client's words: whatever else was sent is "other" and "none".
        var method = context.Request.Method is "GET" or "POST" or "HEAD" or "OPTIONS" or "PUT" or "DELETE"
            ? context.Request.Method
            : "other";
        var route = exchange.Route?.Path ?? "none";
        var username = exchange.Credential?.Username ?? "-";
        var status = exchange.ClientDisconnected ? ClientClosedRequest : context.Response.StatusCode;

        var tenant = exchange.Credential?.Tenant.Name ?? "-";
        metrics.RecordRequest(route, status, elapsed.TotalSeconds, exchange.Bytes);
        exchange.Usage?.EndRequest(status, elapsed, exchange.Bytes, refusal?.Reason ?? exchange.AbortReason);
        if (exchange.AbortReason is not null)
        {
            metrics.RecordRejection(exchange.AbortReason);
        }
        if (refusal is null)
        {
            logger.RequestCompleted(
                method,
                route,
                status,
                username,
                tenant,
                elapsed.TotalMilliseconds,
                exchange.Bytes,
                exchange.Destination?.Name ?? "gateway"
            );
            return;
        }

        metrics.RecordRejection(refusal.Reason);
        logger.RequestRejected(method, route, refusal.Status, refusal.Reason, username, tenant, elapsed.TotalMilliseconds);
    }
}
