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

/// <summary>A filtered answer.</summary>
/// <param name="Body">The answer, not written yet; null if there is none.</param>
/// <param name="Refusal">Why there is none.</param>
/// <param name="Destination">The Prometheus that answered, if one did.</param>
internal readonly record struct Filtered(ReadOnlyMemory<byte>? Body, Refusal? Refusal, Destination? Destination)
{
    public static Filtered Refused(Refusal? refusal, Destination? destination = null) => new(null, refusal, destination);
}

/// <summary>
/// Makes the tenant's part of what a Prometheus says of everybody: read whole, filtered, written anew. Such an answer can be large, so that
/// whoever asks needs a place (<see cref="Gates.Filtered"/>).
/// </summary>
internal sealed class FilteredAnswers(Upstream upstream, Destinations destinations, GatewayOptions options, TimeProvider time)
{
    /// <summary>The longest answer that is filtered, 32 MiB.</summary>
    public const int LengthMax = 32 << 20;

    /// <summary>From this version on, rules can be asked for by label.</summary>
    private static readonly Version RulesByLabel = new(2, 54);

    private readonly DateTimeOffset started = time.GetUtcNow();

    /// <summary>Makes the answer to a request of a route that <see cref="Route.IsFiltered"/>.</summary>
    public async ValueTask<Filtered> MakeAsync(
        Route route, RequestParameters parameters, Credential credential, TenantAccount account, CancellationToken aborted)
    {
        var (request, refusal) = Ask(route, parameters, credential);
        if (request is null)
            return Filtered.Refused(refusal);
        if (route.Lacks == options.Engine)
            return new(await WriteAsync(default, route, parameters, credential, account), null, null);

        var (answer, failure) = await upstream.AskAsync(request, ForwardedHeaders.None, aborted);
        using (answer)
        {
            if (answer is not null)
                return await FilterAsync(answer, route, parameters, credential, account);
            if (failure == UpstreamFailure.NotOffered && NothingOf(route.Treatment) is { } nothing)
                return new(nothing, null, null);
            // Which services send samples is then not told; all else needs no server.
            return route.Treatment == Treatment.Explain
                ? new(await WriteAsync(default, route, parameters, credential, account), null, null)
                : Filtered.Refused(Refusal.Of(failure, destinations));
        }
    }

    /// <summary>Sends what <see cref="MakeAsync"/> made, and returns the number of bytes.</summary>
    public static async ValueTask<long> SendAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return body.Length;
    }

    private async ValueTask<Filtered> FilterAsync(
        UpstreamAnswer answer, Route route, RequestParameters parameters, Credential credential, TenantAccount account)
    {
        if (!answer.Response.IsSuccessStatusCode)
            return Filtered.Refused(UpstreamErrors.RefusalOf(answer, credential), answer.Destination);
        if (answer.Body!.Json is not { } json)
            return Filtered.Refused(Refusal.TooMuchToFilter, answer.Destination);
        return new(await WriteAsync(FilterInput.Member(json.RootElement, "data"), route, parameters, credential, account), null, answer.Destination);
    }

    /// <summary>The whole answer: what is the tenant's of this data, or of none if the engine lacks the path.</summary>
    private async ValueTask<ReadOnlyMemory<byte>> WriteAsync(
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

        return (UpstreamRequest.Get(path, form.Written, AnswerShape.Optional, LengthMax), null);
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
                var parsed = PromQLParser.ParseMetricSelector(given);
                if (RegexSize.Of(parsed) is > RegexSize.Max and var size)
                    return LimitRefusals.Regexes(size);
                selector = Scope.Rewrite(parsed, credential.Scope);
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
}
