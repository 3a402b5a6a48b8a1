using AivenMetrics.Authentication;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Pipeline;

/// <summary>Handles every request of the gateway.</summary>
/// <remarks>
/// 1. Parse the raw request target; reject an ambiguous one (<see cref="RequestTarget"/>).
/// 2. Find the route; reject unknown paths and methods (<see cref="RouteTable"/>).
/// 3. Authenticate, if the route requires it. The response to wrong credentials is delayed.
/// 4. Read the parameters and apply the limits of the tenant's plan (<see cref="GatewayRequest"/>).
/// 5. Scope, queue, forward and copy (<see cref="ForwardingHandler"/>), or forward and filter (<see cref="FilteringHandler"/>).
/// Each step can end with a <see cref="GatewayError"/>, which is written, counted and logged here.
/// </remarks>
internal sealed class GatewayEndpoint(
    CredentialStore credentials,
    Authenticator authenticator,
    FailedLoginThrottle failedLogins,
    TenantRegistry tenants,
    DestinationPool destinations,
    LocalResponses local,
    ForwardingHandler forwarding,
    FilteringHandler filtering,
    CorsPolicy cors,
    GatewayOptions options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<GatewayEndpoint> logger
)
{
    private const int ClientClosedRequest = 499;

    /// <summary>The request delegate.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var match = new RouteMatch(null, null, GatewayError.MalformedTarget);
        GatewayRequest? request = null;
        var outcome = default(RequestOutcome);
        cors.AddHeaders(context);
        try
        {
            var target = ParseTarget(context);
            if (target is { } parsed)
            {
                match = RouteTable.Find(context.Request.Method, parsed.Path);
            }

            if (match.Route is not { } route)
            {
                outcome = new(match.Error);
            }
            else if (HttpMethods.IsOptions(context.Request.Method))
            {
                cors.WritePreflight(context, route);
            }
            else if (!route.RequiresCredential)
            {
                outcome = new(await local.WriteAsync(context, route));
            }
            else
            {
                (request, var error) = await AuthenticateAsync(context, route, match.LabelName);
                outcome = request is null ? new(error) : await ProcessAsync(context, request, target!.Value.Query);
            }

            if (outcome.Error is not null)
            {
                await ErrorResponse.WriteAsync(context, outcome.Error);
            }
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // No client is left to receive a response. The same token cancelled the request to the server.
            outcome = outcome with { ClientDisconnected = true };
        }
        catch (Exception e)
        {
            logger.RequestFailed(e, match.Route?.Path ?? "none");
            outcome = outcome with { Error = GatewayError.InternalError };
            await ErrorResponse.WriteAsync(context, GatewayError.InternalError);
        }

        Record(context, match.Route, request, outcome, time.GetElapsedTime(started));
    }

    private RequestTarget? ParseTarget(HttpContext context) =>
        RequestTarget.Parse(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, options.PathPrefix);

    private async ValueTask<(GatewayRequest? Request, GatewayError? Error)> AuthenticateAsync(
        HttpContext context,
        Route route,
        string? labelName
    )
    {
        if (credentials.Current is null)
        {
            return (null, GatewayError.CredentialsNotLoaded);
        }

        var (status, credential) = authenticator.Authenticate(context.Request);
        if (credential is not null)
        {
            return (new GatewayRequest(route, labelName, credential, tenants.BeginRequest(credential.Tenant)), null);
        }

        // Many clients send their first request without credentials and wait for the challenge. Only guesses are delayed.
        if (status == AuthenticationStatus.Invalid)
        {
            await failedLogins.DelayAsync(context.Connection.RemoteIpAddress, context.RequestAborted);
        }

        return (
            null,
            status switch
            {
                AuthenticationStatus.Missing => GatewayError.MissingCredentials,
                AuthenticationStatus.Expired => GatewayError.ExpiredCredentials,
                _ => GatewayError.Unauthenticated,
            }
        );
    }

    private async ValueTask<RequestOutcome> ProcessAsync(HttpContext context, GatewayRequest request, string urlQuery)
    {
        var route = request.Route;
        if (request.Limits.CheckRate() is { } tooFast)
        {
            return new(tooFast);
        }

        if (route.Kind == RouteKind.Limits)
        {
            await LimitsResponse.WriteAsync(context, request.Usage);
            return default;
        }

        if (route.Kind is RouteKind.BuildInfo or RouteKind.Alertmanagers)
        {
            return new(await local.WriteAsync(context, route));
        }

        if (!IsSupported(route))
        {
            return new(GatewayError.NotSupported);
        }

        if (await request.ReadAsync(context.Request, urlQuery, time) is { } invalid)
        {
            return new(invalid);
        }

        if (route.Kind == RouteKind.Federation && request.Parameters.Selectors.Count == 0)
        {
            return new(await local.WriteAsync(context, route));
        }

        if (route.IsFiltered)
        {
            return await filtering.HandleAsync(context, request);
        }

        return route.UnsupportedBy == options.Engine
            ? new(await LocalResponses.WriteSubstituteAsync(context, request))
            : await forwarding.HandleAsync(context, request);
    }

    /// <summary>Whether the servers have a route that was added in a later version of Prometheus.</summary>
    private bool IsSupported(Route route) =>
        route.MinVersion is null
        || (
            route.UnsupportedBy != options.Engine
            && !(destinations.LowestVersion() is { } version && Version.Parse(version) < route.MinVersion)
        );

    private void Record(HttpContext context, Route? route, GatewayRequest? request, RequestOutcome outcome, TimeSpan elapsed)
    {
        // Method and path come from the gateway and not from the client, so that labels and log fields stay bounded.
        var method = context.Request.Method is "GET" or "POST" or "HEAD" or "OPTIONS" or "PUT" or "DELETE"
            ? context.Request.Method
            : "other";
        var path = route?.Path ?? "none";
        var username = request?.Credential.Username ?? "-";
        var tenant = request?.Credential.Tenant.Name ?? "-";
        var status = outcome.ClientDisconnected ? ClientClosedRequest : context.Response.StatusCode;

        metrics.RecordRequest(path, status, elapsed.TotalSeconds, outcome.Bytes);
        request?.Usage.EndRequest(status, elapsed, outcome.Bytes, outcome.Error?.Reason ?? outcome.AbortReason);
        if (outcome.AbortReason is not null)
        {
            metrics.RecordRejection(outcome.AbortReason);
        }

        if (outcome.Error is not { } error)
        {
            logger.RequestCompleted(
                method,
                path,
                status,
                username,
                tenant,
                elapsed.TotalMilliseconds,
                outcome.Bytes,
                outcome.Destination?.Name ?? "gateway"
            );
            return;
        }

        metrics.RecordRejection(error.Reason);
        logger.RequestRejected(method, path, error.Status, error.Reason, username, tenant, elapsed.TotalMilliseconds);
    }
}
