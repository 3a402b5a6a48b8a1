using System.Buffers;
using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>How a filtered answer ended.</summary>
/// <param name="Refusal">Why there is none, not written yet; null if it was written.</param>
/// <param name="Destination">The Prometheus that answered.</param>
/// <param name="Bytes">The bytes that were sent.</param>
internal readonly record struct Filtered(Refusal? Refusal, Destination? Destination, long Bytes);

/// <summary>
/// Answers with the tenant's part of what a Prometheus says of everybody: read whole, filtered, written anew. Few at a time, because such
/// an answer can be large; the others wait, each tenant in its own queue.
/// </summary>
internal sealed class FilteredAnswers(Upstream upstream, Destinations destinations, GatewayOptions options, TimeProvider time)
{
    private const int AtOnce = 4;
    private const int LengthMax = 32 << 20;

    /// <summary>From this version on, rules can be asked for by label.</summary>
    private static readonly Version RulesByLabel = new(2, 54);

    private readonly FairGate gate = new(AtOnce, time);
    private readonly DateTimeOffset started = time.GetUtcNow();

    /// <summary>Answers a request of a route that <see cref="Route.IsFiltered"/>.</summary>
    public async ValueTask<Filtered> AnswerAsync(HttpContext context, Route route, RequestParameters parameters, Credential credential, TenantAccount account)
    {
        var (request, refusal) = Ask(route, parameters, credential);
        if (request is null)
            return new(refusal, null, 0);

        if (route.Lacks == options.Engine)
            return new(null, null, await WriteAsync(context, await MakeAsync(default, route, parameters, credential, account)));

        var (place, entry) = await gate.EnterAsync(account.Filtered, context.RequestAborted);
        using (place)
        {
            if (place is null)
                return new(LimitRefusals.Of(entry, account.Limits), null, 0);
            var (answer, failure) = await upstream.AskAsync(request, ForwardedHeaders.None, context.RequestAborted);
            using (answer)
            {
                if (answer is null && failure == UpstreamFailure.NotOffered && NothingOf(route.Treatment) is { } nothing)
                    return new(null, null, await WriteAsync(context, nothing));
                // Which services send samples is then not told; all else needs no server.
                if (answer is null && route.Treatment == Treatment.Explain)
                    return new(null, null, await WriteAsync(context, await MakeAsync(default, route, parameters, credential, account)));
                if (answer is null)
                    return new(Refusal.Of(failure, destinations), null, 0);
                return await FilterAsync(context, answer, route, parameters, credential, account);
            }
        }
    }

    private async ValueTask<Filtered> FilterAsync(
        HttpContext context, UpstreamAnswer answer, Route route, RequestParameters parameters, Credential credential, TenantAccount account)
    {
        context.Response.Headers[AnswerCopier.InstanceHeader] = answer.Destination.Name;
        if (!answer.Response.IsSuccessStatusCode)
            return new(await UpstreamErrors.RefusalAsync(answer, credential), answer.Destination, 0);
        try
        {
            await answer.Response.Content.LoadIntoBufferAsync(LengthMax, answer.Deadline.Token);
            await using var content = await answer.Response.Content.ReadAsStreamAsync(answer.Deadline.Token);
            // Megabytes of JSON are too much for the thread that serves other requests' sockets.
            await Task.Yield();
            using var json = await JsonDocument.ParseAsync(content, default, answer.Deadline.Token);
            var body = await MakeAsync(FilterInput.Member(json.RootElement, "data"), route, parameters, credential, account);
            return new(null, answer.Destination, await WriteAsync(context, body));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            return new(Refusal.TooMuchToFilter, answer.Destination, 0);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return new(Refusal.Unavailable, answer.Destination, 0);
        }
        catch (OperationCanceledException) when (answer.Deadline.Passed)
        {
            return new(Refusal.TimedOut, answer.Destination, 0);
        }
    }

    /// <summary>The whole answer: what is the tenant's of this data, or of none if the engine lacks the path.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> MakeAsync(
        JsonElement data, Route route, RequestParameters parameters, Credential credential, TenantAccount account)
    {
        var written = new ArrayBufferWriter<byte>(4096);
        await using (var to = new Utf8JsonWriter(written))
        {
            to.WriteStartObject();
            to.WriteString("status", "success");
            to.WritePropertyName("data");
            Write(route.Treatment, new FilterInput(data, new ScopeLabels(credential.Scope), parameters), credential, account, to);
            to.WriteEndObject();
        }

        return written.WrittenMemory;
    }

    /// <summary>What a Prometheus is asked; everything but the scope and the few parameters named here is applied to its answer.</summary>
    private (UpstreamRequest? Request, Refusal? Refusal) Ask(Route route, RequestParameters parameters, Credential credential)
    {
        var path = route.Path;
        var form = new FormWriter();
        switch (route.Treatment)
        {
            case Treatment.Targets:
                form.Add("state", "active".Equals(parameters["state"], StringComparison.OrdinalIgnoreCase) ? "active" : "any");
                break;
            case Treatment.Metadata or Treatment.TargetMetadata:
                path = "/api/v1/targets/metadata";
                if (AddMetadata(form, route, parameters, credential) is { } refusal)
                    return (null, refusal);
                break;
            case Treatment.Explain or Treatment.Services:
                return ServicesFilter.Ask(parameters.Expression, credential, options.Engine);
            case Treatment.Rules:
                foreach (var (name, value) in parameters.Plain)
                    form.Add(name, value);
                if (destinations.LowestVersion() is { } version && Version.Parse(version) >= RulesByLabel)
                    form.Add(ScopedRequest.EncodedMatch, credential.ScopeSelector);
                break;
        }

        return (UpstreamRequest.Get(path, form.Written, AnswerShape.Optional), null);
    }

    private static Refusal? AddMetadata(FormWriter form, Route route, RequestParameters parameters, Credential credential)
    {
        if (!MetadataFilter.IsLimit(parameters["limit"], out _))
            return Refusal.BadData("limit must be a number");
        if (route.Treatment == Treatment.Metadata && !MetadataFilter.IsLimit(parameters["limit_per_metric"], out _))
            return Refusal.BadData("limit_per_metric must be a number");
        if (parameters["metric"] is { Length: > 0 } metric)
            form.Add("metric", metric);

        var selector = credential.ScopeSelector;
        if (route.Treatment == Treatment.TargetMetadata && parameters["match_target"] is { Length: > 0 } given)
        {
            try
            {
                selector = Scope.RewriteSelector(given, credential.Scope);
            }
            catch (PromQLParseException e)
            {
                return Refusal.BadData($"invalid parameter \"match_target\": {e.Message}");
            }
        }

        form.Add("match_target", selector);
        return null;
    }

    private void Write(Treatment treatment, FilterInput input, Credential credential, TenantAccount account, Utf8JsonWriter to)
    {
        switch (treatment)
        {
            case Treatment.Targets: TargetsFilter.Write(input, to); break;
            case Treatment.TargetMetadata: MetadataFilter.WriteByTarget(input, to); break;
            case Treatment.Metadata: MetadataFilter.WriteByMetric(input, to); break;
            case Treatment.Rules: RulesFilter.WriteRules(input, to); break;
            case Treatment.Alerts: RulesFilter.WriteAlerts(input, to); break;
            case Treatment.Flags: StatusFilter.WriteFlags(input, account.Limits, to); break;
            case Treatment.RuntimeInfo: StatusFilter.WriteRuntimeInfo(input, started, to); break;
            case Treatment.Features: StatusFilter.WriteFeatures(input, to); break;
            case Treatment.Services: ServicesFilter.Write(input, to); break;
            case Treatment.Explain: Explanation.Write(input, credential, options, account, to); break;
            default: throw new InvalidOperationException($"{treatment} is not filtered.");
        }
    }

    /// <summary>The answer where the query engine has no such path and clients expect one; null where it is a 404 for them too.</summary>
    private static byte[]? NothingOf(Treatment treatment) => treatment switch
    {
        Treatment.Targets => """{"status":"success","data":{"activeTargets":[],"droppedTargets":[],"droppedTargetCounts":{}}}"""u8.ToArray(),
        Treatment.TargetMetadata => """{"status":"success","data":[]}"""u8.ToArray(),
        Treatment.Metadata => """{"status":"success","data":{}}"""u8.ToArray(),
        Treatment.Rules => """{"status":"success","data":{"groups":[]}}"""u8.ToArray(),
        Treatment.Alerts => """{"status":"success","data":{"alerts":[]}}"""u8.ToArray(),
        _ => null,
    };

    private static async ValueTask<long> WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return body.Length;
    }
}
