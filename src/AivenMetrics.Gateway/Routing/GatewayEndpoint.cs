using System.Net;
using AivenMetrics.Access;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Filtering;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.RemoteRead;
using AivenMetrics.Gateway.Scoping;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Routing;

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
/// 7. Copy the answer. Where a Prometheus answers with everybody's, <see cref="FilteredAnswers"/> does 5 to 7 in its own way.
/// Each step can end with a <see cref="Refusal"/>, which is then written, counted and logged in one place.
/// </remarks>
internal sealed class GatewayEndpoint(
    Tenants tenants,
    Authenticator authenticator,
    FailedLogins failedLogins,
    Upstream upstream,
    Destinations destinations,
    LocalAnswers local,
    FilteredAnswers filtered,
    TenantLedger ledger,
    Gates gates,
    Cors cors,
    GatewayOptions options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<GatewayEndpoint> logger)
{
    private const int ClientClosedRequest = 499;

    /// <summary>What is known of a request when its line is logged.</summary>
    private sealed class Exchange
    {
        public Route? Route;
        public Credential? Credential;
        public TenantUsage? Usage;
        public Destination? Destination;
        public long Bytes;
        public string? BrokenOff;
        public bool ClientWent;
    }

    /// <summary>The request delegate.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var started = time.GetTimestamp();
        var exchange = new Exchange();
        Refusal? refusal = null;
        cors.Allow(context);
        try
        {
            refusal = await ServeAsync(context, exchange);
            if (refusal is not null)
                await refusal.WriteAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer; upstream was told to stop by the same token.
            exchange.ClientWent = true;
        }
        catch (Exception e)
        {
            logger.Failed(e, exchange.Route?.Path ?? "none");
            refusal = Refusal.Internal;
            await refusal.WriteAsync(context);
        }

        Record(context, exchange, refusal, time.GetElapsedTime(started));
    }

    private async ValueTask<Refusal?> ServeAsync(HttpContext context, Exchange exchange)
    {
        // :: Steps 1 and 2
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (RequestTarget.Read(raw, options.PathPrefix) is not { } target)
            return Refusal.MalformedTarget;
        var (route, labelName, refusal) = Routes.Find(context.Request.Method, target.Path);
        exchange.Route = route;
        if (route is null)
            return refusal;
        if (HttpMethods.IsOptions(context.Request.Method))
        {
            cors.Preflight(context, route);
            return null;
        }

        // :: Step 3
        if (!route.NeedsCredential)
            return await local.AnswerAsync(context, route);
        if (tenants.Current is null)
            return Refusal.NoTenantsYet;
        if (authenticator.Authenticate(context.Request) is not { } credential)
        {
            await failedLogins.DelayAsync(context.Connection.RemoteIpAddress, context.RequestAborted);
            return Refusal.Unauthenticated;
        }

        exchange.Credential = credential;
        var usage = exchange.Usage = ledger.Begin(credential.Tenant);
        var limits = new RequestLimits(usage.Account);
        if (limits.TakeRequest() is { } tooFast)
            return tooFast;
        if (route.Treatment == Treatment.Limits)
        {
            await LimitsAnswer.WriteAsync(context, usage);
            return null;
        }

        if (route.Treatment is Treatment.BuildInfo or Treatment.Alertmanagers)
            return await local.AnswerAsync(context, route);
        if (route.Since is not null && route.Lacks == options.Engine)
            return Refusal.NotOffered;
        if (route.Since is not null && destinations.LowestVersion() is { } version && Version.Parse(version) < route.Since)
            return Refusal.NotOffered;

        // :: Step 4
        var parameters = new RequestParameters(route);
        if (await parameters.ReadAsync(context.Request, target.Query, usage.Account, time) is { } unreadable)
            return unreadable;
        if (limits.Check(route, parameters) is { } beyond)
            return beyond;

        if (route.Treatment == Treatment.Federation && parameters.Selectors.Count == 0)
            return await local.AnswerAsync(context, route);
        if (route.Lacks == options.Engine && !route.IsFiltered)
            return await LocalAnswers.AnswerInsteadAsync(context, route, parameters);
        return route.IsFiltered
            ? await FilterAsync(context, exchange, route, parameters, credential)
            : await ForwardAsync(context, exchange, route, labelName, parameters, credential, limits);
    }

    private async ValueTask<Refusal?> FilterAsync(
        HttpContext context, Exchange exchange, Route route, RequestParameters parameters, Credential credential)
    {
        var account = exchange.Usage!.Account;
        var (room, full) = await EnterAsync(gates.Filtered, account.Filtered, context.RequestAborted);
        using (room)
        {
            if (room is null)
                return LimitRefusals.Of(full, account.Limits);
            Filtered answer;
            var (place, entry) = await EnterAsync(gates.Queries, account.Queries, context.RequestAborted);
            using (place)
            {
                if (place is null)
                    return LimitRefusals.Of(entry, account.Limits);
                answer = await filtered.MakeAsync(route, parameters, credential, account, context.RequestAborted);
            }

            // The answer is made: who reads it slowly holds up only its own tenant.
            room.Release();
            if ((exchange.Destination = answer.Destination) is { } destination)
                context.Response.Headers[AnswerCopier.InstanceHeader] = destination.Name;
            if (!authenticator.IsLive(credential))
                return Refusal.Unauthenticated;
            if (answer.Body is { } body)
                exchange.Bytes = await FilteredAnswers.SendAsync(context, body);
            return answer.Refusal;
        }
    }

    private async ValueTask<Refusal?> ForwardAsync(
        HttpContext context, Exchange exchange, Route route, string? labelName, RequestParameters parameters, Credential credential, RequestLimits limits)
    {
        // :: Step 5
        var rewriting = time.GetTimestamp();
        var window = destinations.GapsDiffer ? QueryWindows.Of(route, parameters, time) : null;
        var (request, unscopable) = ScopedRequest.Make(route, labelName, parameters, credential, limits, options.Engine, window);
        metrics.Rewrote(time.GetElapsedTime(rewriting).TotalSeconds);
        if (request is null)
            return unscopable;

        // :: Step 6
        var account = exchange.Usage!.Account;
        var isRead = route.Treatment == Treatment.RemoteRead;
        var (read, full) = isRead ? await EnterAsync(gates.RemoteReads, account.RemoteReads, context.RequestAborted) : default;
        using var reading = read;
        if (isRead && read is null)
            return LimitRefusals.Of(full, limits.Plan);
        var lane = account.Queries;
        var (place, entry) = await EnterAsync(gates.Queries, lane, context.RequestAborted);
        using (place)
        {
            if (place is null)
                return LimitRefusals.Of(entry, limits.Plan);
            limits.Entered(lane);
            if (route.Treatment == Treatment.Federation
                && await FederationCheck.CheckAsync(upstream, destinations, options.Engine, parameters, credential, limits.Plan, context.RequestAborted) is { } tooMany)
                return tooMany;

            var headers = ForwardedHeaders.From(context.Request.Headers);
            var edits = limits.EditsAnswer && request.Shape is AnswerShape.Query or AnswerShape.Optional;
            var (answer, failure) = await upstream.AskAsync(request, edits ? headers.Uncompressed() : headers, context.RequestAborted);
            if (answer is null)
                return Refusal.Of(failure, destinations);

            // The answer is made: who reads it slowly holds up only its own tenant.
            place.Release();
            return await CopyAsync(context, exchange, answer, request.Shape, credential, limits, edits ? headers : null);
        }
    }

    private async ValueTask<Refusal?> CopyAsync(
        HttpContext context, Exchange exchange, UpstreamAnswer answer, AnswerShape shape, Credential credential, RequestLimits limits, ForwardedHeaders? edited)
    {
        // :: Step 7
        using (answer)
        using (var pace = shape == AnswerShape.RemoteRead ? new ReadingPace(time) : null)
        {
            exchange.Destination = answer.Destination;
            context.Response.Headers[AnswerCopier.InstanceHeader] = answer.Destination.Name;
            if (UpstreamErrors.Replaced(answer, shape, credential, limits) is { } replaced)
                return replaced;
            if (limits.CheckLength(answer.Response.Content.Headers.ContentLength) is { } tooLong)
                return tooLong;
            if (edited is not null && answer.Response.StatusCode == HttpStatusCode.OK && !EditedAnswer.IsReadable(answer))
                return Refusal.Unavailable;
            if (!authenticator.IsLive(credential))
                return Refusal.Unauthenticated;
            var to = new Recipient(context, credential, authenticator, pace);
            (exchange.Bytes, exchange.BrokenOff, exchange.ClientWent) = edited is not null && EditedAnswer.IsReadable(answer)
                ? await EditedAnswer.CopyAsync(answer, limits, edited.TakesGzip, to, logger)
                : await AnswerCopier.CopyAsync(answer, shape, limits.Plan.ResponseBytes, to, logger);
            return null;
        }
    }

    private ValueTask<(FairGate.Place? Place, Entry Entry)> EnterAsync(FairGate gate, Lane lane, CancellationToken aborted)
    {
        var entering = gate.EnterAsync(lane, aborted);
        return entering.IsCompletedSuccessfully ? entering : WaitAsync(entering);
    }

    private async ValueTask<(FairGate.Place? Place, Entry Entry)> WaitAsync(ValueTask<(FairGate.Place? Place, Entry Entry)> entering)
    {
        var waiting = time.GetTimestamp();
        try
        {
            return await entering;
        }
        finally
        {
            metrics.Queued(time.GetElapsedTime(waiting).TotalSeconds);
        }
    }

    private void Record(HttpContext context, Exchange exchange, Refusal? refusal, TimeSpan elapsed)
    {
        // Method and route are ours, not the client's words: whatever else was sent is "other" and "none".
        var method = context.Request.Method is "GET" or "POST" or "HEAD" or "OPTIONS" or "PUT" or "DELETE" ? context.Request.Method : "other";
        var route = exchange.Route?.Path ?? "none";
        var username = exchange.Credential?.Username ?? "-";
        var status = exchange.ClientWent ? ClientClosedRequest : context.Response.StatusCode;

        var tenant = exchange.Credential?.Tenant.Name ?? "-";
        metrics.Requested(route, status, elapsed.TotalSeconds, exchange.Bytes);
        exchange.Usage?.End(status, elapsed, exchange.Bytes, refusal?.Reason ?? exchange.BrokenOff);
        if (exchange.BrokenOff is not null)
            metrics.Refused(exchange.BrokenOff);
        if (refusal is null)
        {
            logger.Access(method, route, status, username, tenant, elapsed.TotalMilliseconds, exchange.Bytes, exchange.Destination?.Name ?? "gateway");
            return;
        }

        metrics.Refused(refusal.Reason);
        logger.Refused(method, route, refusal.Status, refusal.Reason, username, tenant, elapsed.TotalMilliseconds);
    }
}
