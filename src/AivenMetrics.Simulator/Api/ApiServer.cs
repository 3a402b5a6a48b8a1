using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Simulator.Faults;
using AivenMetrics.Simulator.World;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Simulator.Api;

/// <summary>
/// Serves <c>/v1</c>. A call passes: ordered faults (delay, error, cut) → token → rate limit → route → body → the world, and is
/// recorded with the status it got. A fault that is to happen afterwards spoils the answer of a call that took effect.
/// </summary>
internal sealed class ApiServer
{
    private const string Prefix = "/v1";
    private readonly SimulatorOptions options;
    private readonly AivenWorld world;
    private readonly FaultRules<CallFault> faults;
    private readonly CallLog log;
    private readonly RateWindow rate;
    private readonly TimeProvider time;
    private readonly ILogger<ApiServer> logger;
    private readonly Counter<long> requests;

    public ApiServer(
        SimulatorOptions options, AivenWorld world, FaultRules<CallFault> faults, CallLog log, RateWindow rate, TimeProvider time,
        IMeterFactory meters, ILogger<ApiServer> logger)
    {
        (this.options, this.world, this.faults, this.log) = (options, world, faults, log);
        (this.rate, this.time, this.logger) = (rate, time, logger);
        requests = meters.Create("AivenMetrics.Simulator").CreateCounter<long>(
            "aivenmetrics_simulator_api_requests", description: "API calls by status; 0: the connection was cut.");
    }

    public async Task Serve(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        var at = time.GetUtcNow();
        var fault = faults.Take(rule =>
            (rule.Method is null || rule.Method == method)
            && (rule.Path is null || FileSystemName.MatchesSimpleExpression(rule.Path, path, ignoreCase: false)));
        if (fault is not null && fault.Delay > TimeSpan.Zero)
            await Task.Delay(fault.Delay, time, context.RequestAborted);
        var spoilt = fault is { Reset: true } or { Status: not null };
        var (status, body, retryAfter) = spoilt && !fault!.After ? (0, null, null) : await Answer(context, method, path[Prefix.Length..]);
        if (spoilt)
            status = fault!.Reset ? 0 : fault.Status!.Value;
        log.Add(new(at, method, path, context.Request.QueryString.Value ?? "", status));
        requests.Add(1, new KeyValuePair<string, object?>("status", status));
        await (spoilt ? Spoil(context, fault!) : Write(context, status, body!, retryAfter));
    }

    /// <summary>Aiven's error envelope.</summary>
    internal static JsonObject Envelope(int status, string message, string code) => new()
    {
        ["errors"] = new JsonArray(new JsonObject
        {
            ["error_code"] = code,
            ["message"] = message,
            ["more_info"] = "https://api.aiven.io/doc/",
            ["status"] = status,
        }),
        ["message"] = message,
    };

    internal static async Task Write(HttpContext context, int status, JsonObject body, int? retryAfter)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        if (retryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await context.Response.WriteAsync(body.ToJsonString(RequestFields.Written), context.RequestAborted);
    }

    private async Task<(int Status, JsonObject? Body, int? RetryAfter)> Answer(HttpContext context, string method, string path)
    {
        try
        {
            CheckToken(context.Request.Headers.Authorization.ToString());
            rate.Count();
            var (route, values) = ApiRoutes.Table.Find(method, path);
            var query = Query(context.Request);
            var body = route.TakesBody ? await RequestFields.Read(context.Request, emptyIsObject: false) : new([]);
            var answer = world.Within(now => route.Handle(new(world, now, values, body, query)));
            if (method != "GET")
                world.Touch();
            return (StatusCodes.Status200OK, answer, null);
        }
        catch (AivenApiException fault)
        {
            return (fault.Status, Envelope(fault.Status, fault.Message, fault.Code), fault.RetryAfter);
        }
        catch (BadHttpRequestException fault)
        {
            return (fault.StatusCode, Envelope(fault.StatusCode, "Invalid request", "bad_request"), null);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogError(fault, "{Method} {Path} failed", method, path);
            var answer = AivenErrors.Internal();
            return (answer.Status, Envelope(answer.Status, answer.Message, answer.Code), null);
        }
    }

    private void CheckToken(string authorization)
    {
        var parts = authorization.Split(' ', 2);
        var scheme = parts[0].Equals("aivenv1", StringComparison.OrdinalIgnoreCase) || parts[0].Equals("Bearer", StringComparison.OrdinalIgnoreCase);
        var token = parts.Length == 2 ? parts[1].Trim() : "";
        if (!scheme || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(options.Token)))
            throw world.Within(_ => world.Settings.BadTokenForbidden) ? AivenErrors.AuthenticationFailed() : AivenErrors.InvalidToken();
    }

    private static Dictionary<string, string> Query(HttpRequest request)
    {
        if (request.Query.TryGetValue("limit", out var limit))
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw AivenErrors.Invalid("Invalid value for limit parameter: it must be a whole number");
            if (number > 250)
                throw AivenErrors.Invalid("Invalid value for limit parameter: maximum allowed value is 250");
        }

        return request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    private static async Task Spoil(HttpContext context, CallFault fault)
    {
        if (fault.Reset)
        {
            context.Abort();
            return;
        }

        var status = fault.Status!.Value;
        if (fault.Body == "envelope")
        {
            await Write(context, status, Envelope(status, fault.Message, "internal_server_error"), fault.RetryAfter);
            return;
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html";
        if (fault.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (fault.Body == "html")
            await context.Response.WriteAsync($"<html><body><h1>{status}</h1>\nThe load balancer answers for itself.\n</body></html>\n");
    }
}
