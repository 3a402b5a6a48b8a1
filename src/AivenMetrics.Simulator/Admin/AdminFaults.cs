using System.Globalization;
using System.IO.Enumeration;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Api;
using AivenMetrics.Simulator.Faults;

namespace AivenMetrics.Simulator.Admin;

/// <summary>Admin endpoints for faults, recorded calls and the rate limit.</summary>
internal sealed class AdminFaults(FaultRules<CallFault> callFaults, FaultRules<DnsFault> dnsFaults, CallLog log, SlidingRateLimit rate)
{
    public JsonObject SetRateLimit(ApiCall call)
    {
        var (limit, retryAfter) = rate.Settings;
        rate.Settings = (call.Body.OptionalNumber("requests_per_minute", 0) ?? limit, call.Body.OptionalFlag("retry_after") ?? retryAfter);
        return new() { ["requests_per_minute"] = rate.Settings.Limit, ["retry_after"] = rate.Settings.RetryAfter };
    }

    public JsonObject ListCalls(ApiCall call)
    {
        var method = call.Query.GetValueOrDefault("method");
        var path = call.Query.GetValueOrDefault("path", "*");
        var calls = log.All.Where(recorded =>
            (method is null || recorded.Method == method) && FileSystemName.MatchesSimpleExpression(path, recorded.Path, ignoreCase: false)
        );
        return new()
        {
            ["calls"] = new JsonArray([
                .. calls.Select(recorded => new JsonObject
                {
                    ["at"] = recorded.At.ToString("O", CultureInfo.InvariantCulture),
                    ["method"] = recorded.Method,
                    ["path"] = recorded.Path,
                    ["query"] = recorded.Query,
                    ["status"] = recorded.Status,
                }),
            ]),
        };
    }

    public JsonObject ForgetCalls(ApiCall call)
    {
        log.Clear();
        return [];
    }

    public JsonObject Add(ApiCall call)
    {
        var body = call.Body;
        var status = body.OptionalNumber("status", 200);
        var reset = body.OptionalFlag("reset") ?? false;
        var delay = body.OptionalSeconds("delay_seconds") ?? TimeSpan.Zero;
        var kind = body.OptionalText("body") ?? "envelope";
        if (status > 599)
        {
            throw AivenErrors.Invalid("Invalid status: it must be between 200 and 599");
        }
        if (kind is not ("envelope" or "html" or "empty"))
        {
            throw AivenErrors.Invalid("Invalid body: it must be envelope, html or empty");
        }
        if (status is null && !reset && delay == TimeSpan.Zero)
        {
            throw AivenErrors.Invalid("The fault has no effect: give status, reset or delay_seconds");
        }
        var fault = new CallFault(
            body.OptionalText("method")?.ToUpperInvariant(),
            body.OptionalText("path"),
            status,
            kind,
            body.OptionalText("message") ?? "An error occurred. Please try again later.",
            body.OptionalNumber("retry_after", 0),
            delay,
            reset,
            body.OptionalFlag("after") ?? false
        );
        return View(callFaults.Add(fault, Count(body)));
    }

    public JsonObject List(ApiCall call) => new() { ["faults"] = new JsonArray([.. callFaults.All.Select(View)]) };

    public JsonObject Clear(ApiCall call) => new() { ["removed"] = callFaults.Remove(null) };

    public JsonObject Remove(ApiCall call) => Removed(callFaults.Remove(Id(call)));

    public JsonObject AddDns(ApiCall call)
    {
        var kind = call.Body.Text("kind") switch
        {
            "timeout" => DnsFaultKind.Timeout,
            "empty" => DnsFaultKind.Empty,
            "servfail" => DnsFaultKind.Servfail,
            "nxdomain" => DnsFaultKind.Nxdomain,
            "refused" => DnsFaultKind.Refused,
            _ => throw AivenErrors.Invalid("Invalid kind: it must be timeout, empty, servfail, nxdomain or refused"),
        };
        return View(dnsFaults.Add(new(call.Body.OptionalText("host") ?? "*", kind), Count(call.Body)));
    }

    public JsonObject ListDns(ApiCall call) => new() { ["faults"] = new JsonArray([.. dnsFaults.All.Select(View)]) };

    public JsonObject ClearDns(ApiCall call) => new() { ["removed"] = dnsFaults.Remove(null) };

    public JsonObject RemoveDns(ApiCall call) => Removed(dnsFaults.Remove(Id(call)));

    // The default is once; "always" lasts until the fault is removed.
    private static int? Count(RequestFields body) => body.OptionalFlag("always") == true ? null : body.OptionalNumber("count", 1) ?? 1;

    private static int Id(ApiCall call) =>
        int.TryParse(call.PathValues[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : throw AivenErrors.NoRoute();

    private static JsonObject Removed(int count) => count > 0 ? new() { ["removed"] = count } : throw AivenErrors.NoRoute();

    private static JsonObject View(FaultRule<CallFault> rule) =>
        new()
        {
            ["id"] = rule.Id,
            ["remaining"] = rule.Remaining,
            ["method"] = rule.Fault.Method,
            ["path"] = rule.Fault.Path,
            ["status"] = rule.Fault.Status,
            ["body"] = rule.Fault.Body,
            ["message"] = rule.Fault.Message,
            ["retry_after"] = rule.Fault.RetryAfter,
            ["delay_seconds"] = rule.Fault.Delay.TotalSeconds,
            ["reset"] = rule.Fault.Reset,
            ["after"] = rule.Fault.After,
        };

    private static JsonObject View(FaultRule<DnsFault> rule) =>
        new()
        {
            ["id"] = rule.Id,
            ["remaining"] = rule.Remaining,
            ["host"] = rule.Fault.Host,
            ["kind"] = rule.Fault.Kind.ToString().ToLowerInvariant(),
        };
}
