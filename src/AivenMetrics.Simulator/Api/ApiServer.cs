using System.Diagnostics.Metrics;
using System.Globalization;
using System.IO.Enumeration;
using System.Security.Cryptography;
using System.Text;
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
            "aivenmetrics_simulator_api_requests_total", description: "API calls by status; 0: the connection was cut.");
    }

    public async Task Serve(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        var at = time.GetUtcNow();
        var fault = faults.Take(rule =>
            (rule.Method is null || rule.Method == method)
            && (rule.Path is null || FileSystemName.MatchesSimpleExpression(rule.Path, path, ignoreCase: false)));
        var answer = await Perform(context, fault, method, path[Prefix.Length..]);
        log.Add(new(at, method, path, context.Request.QueryString.Value ?? "", answer.Status));
        requests.Add(1, new KeyValuePair<string, object?>("status", answer.Status));
        if (answer.Status == 0)
            context.Abort();
        else
            await Write(context, answer);
    }

    private async Task<ApiAnswer> Perform(HttpContext context, CallFault? fault, string method, string path)
    {
        var spoilt = fault is { Reset: true } or { Status: not null };
        try
        {
            if (fault is { After: false })
                await Task.Delay(fault.Delay, time, context.RequestAborted);
            var answer = spoilt && !fault!.After ? ApiAnswer.Cut : await Answer(context, method, path);
            if (fault is { After: true })
                await Task.Delay(fault.Delay, time, context.RequestAborted);
            return spoilt ? Spoilt(fault!) : answer;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return ApiAnswer.Cut;
        }
    }

    private async Task<ApiAnswer> Answer(HttpContext context, string method, string path)
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
            return ApiAnswer.Json(StatusCodes.Status200OK, answer);
        }
        catch (AivenApiException fault)
        {
            return ApiAnswer.Error(fault);
        }
        catch (BadHttpRequestException fault)
        {
            return ApiAnswer.Error(new AivenApiException(fault.StatusCode, "Invalid request", "bad_request"));
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogError(fault, "{Method} {Path} failed", method, path);
            return ApiAnswer.Error(AivenErrors.Internal());
        }
    }

    private void CheckToken(string authorization)
    {
        var parts = authorization.Split(' ', 2);
        var scheme = parts[0].Equals("aivenv1", StringComparison.OrdinalIgnoreCase)
            || parts[0].Equals("Bearer", StringComparison.OrdinalIgnoreCase);
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

    private static ApiAnswer Spoilt(CallFault fault)
    {
        if (fault.Reset)
            return ApiAnswer.Cut;
        var status = fault.Status!.Value;
        return fault.Body switch
        {
            "html" => new(status, "text/html", $"<html><body><h1>{status}</h1>\nNot from the API.\n</body></html>\n", fault.RetryAfter),
            "empty" => new(status, "text/html", "", fault.RetryAfter),
            _ => ApiAnswer.Error(new AivenApiException(status, fault.Message, "internal_server_error") { RetryAfter = fault.RetryAfter }),
        };
    }

    private static async Task Write(HttpContext context, ApiAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        if (answer.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        // Some statuses (204, 304) must not have a body.
        if (answer.Text.Length > 0 && answer.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
            await context.Response.WriteAsync(answer.Text, context.RequestAborted);
    }
}
