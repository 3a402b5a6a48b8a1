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
/// Serves <c>/v1</c>. Steps of a call: injected faults (delay, error, disconnect) → token → rate limit → route → body → handler. Every
/// call is recorded with its status. A fault with <c>after</c> replaces the response of a call that has taken effect.
/// </summary>
internal sealed class ApiServer
{
    private const string Prefix = "/v1";
    private readonly SimulatorOptions _options;
    private readonly AivenWorld _world;
    private readonly FaultRules<CallFault> _faults;
    private readonly CallLog _log;
    private readonly SlidingRateLimit _rate;
    private readonly TimeProvider _time;
    private readonly ILogger<ApiServer> _logger;
    private readonly Counter<long> _requests;

    public ApiServer(
        SimulatorOptions options,
        AivenWorld world,
        FaultRules<CallFault> faults,
        CallLog log,
        SlidingRateLimit rate,
        TimeProvider time,
        IMeterFactory meters,
        ILogger<ApiServer> logger
    )
    {
        (_options, _world, _faults, _log) = (options, world, faults, log);
        (_rate, _time, _logger) = (rate, time, logger);
        _requests = meters
            .Create("AivenMetrics.Simulator")
            .CreateCounter<long>(
                "aivenmetrics_simulator_api_requests_total",
                description: "API calls by status; 0 if the connection was closed without a response."
            );
    }

    public async Task ServeAsync(HttpContext context)
    {
        var (method, path) = (context.Request.Method, context.Request.Path.Value ?? "");
        var at = _time.GetUtcNow();
        var fault = _faults.Take(rule =>
            (rule.Method is null || rule.Method == method)
            && (rule.Path is null || FileSystemName.MatchesSimpleExpression(rule.Path, path, ignoreCase: false))
        );
        var response = await RespondAsync(context, fault, method, path[Prefix.Length..]);
        _log.Add(new(at, method, path, context.Request.QueryString.Value ?? "", response.Status));
        _requests.Add(1, new KeyValuePair<string, object?>("status", response.Status));
        if (response.Status == 0)
        {
            context.Abort();
        }
        else
        {
            await WriteAsync(context, response);
        }
    }

    private async Task<ApiResponse> RespondAsync(HttpContext context, CallFault? fault, string method, string path)
    {
        var spoilt = fault is { Reset: true } or { Status: not null };
        try
        {
            if (fault is { After: false })
            {
                await Task.Delay(fault.Delay, _time, context.RequestAborted);
            }
            var response = spoilt && !fault!.After ? ApiResponse.Aborted : await HandleAsync(context, method, path);
            if (fault is { After: true })
            {
                await Task.Delay(fault.Delay, _time, context.RequestAborted);
            }
            return spoilt ? FaultResponse(fault!) : response;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            return ApiResponse.Aborted;
        }
    }

    private async Task<ApiResponse> HandleAsync(HttpContext context, string method, string path)
    {
        try
        {
            CheckToken(context.Request.Headers.Authorization.ToString());
            _rate.CountCall();
            var (route, values) = ApiRoutes.Table.Find(method, path);
            var query = Query(context.Request);
            var body = route.TakesBody ? await RequestFields.ReadAsync(context.Request, emptyIsObject: false) : new([]);
            var response = _world.Synchronized(now => route.Handle(new(_world, now, values, body, query)));
            if (method != "GET")
            {
                _world.NotifyChanged();
            }
            return ApiResponse.Json(StatusCodes.Status200OK, response);
        }
        catch (AivenApiException exception)
        {
            return ApiResponse.Error(exception);
        }
        catch (BadHttpRequestException exception)
        {
            return ApiResponse.Error(new AivenApiException(exception.StatusCode, "Invalid request", "bad_request"));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            _logger.ApiCallFailed(exception, method, path);
            return ApiResponse.Error(AivenErrors.Internal());
        }
    }

    private void CheckToken(string authorization)
    {
        var parts = authorization.Split(' ', 2);
        var scheme =
            parts[0].Equals("aivenv1", StringComparison.OrdinalIgnoreCase) || parts[0].Equals("Bearer", StringComparison.OrdinalIgnoreCase);
        var token = parts.Length == 2 ? parts[1].Trim() : "";
        if (!scheme || !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(token), Encoding.UTF8.GetBytes(_options.Token)))
        {
            throw _world.Synchronized(_ => _world.Settings.BadTokenForbidden)
                ? AivenErrors.AuthenticationFailed()
                : AivenErrors.InvalidToken();
        }
    }

    private static Dictionary<string, string> Query(HttpRequest request)
    {
        if (request.Query.TryGetValue("limit", out var limit))
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                throw AivenErrors.Invalid("Invalid value for limit parameter: it must be a whole number");
            }
            if (number > 250)
            {
                throw AivenErrors.Invalid("Invalid value for limit parameter: maximum allowed value is 250");
            }
        }

        return request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
    }

    private static ApiResponse FaultResponse(CallFault fault)
    {
        if (fault.Reset)
        {
            return ApiResponse.Aborted;
        }
        var status = fault.Status!.Value;
        return fault.Body switch
        {
            "html" => new(status, "text/html", $"<html><body><h1>{status}</h1>\nNot from the API.\n</body></html>\n", fault.RetryAfter),
            "empty" => new(status, "text/html", "", fault.RetryAfter),
            _ => ApiResponse.Error(new AivenApiException(status, fault.Message, "internal_server_error") { RetryAfter = fault.RetryAfter }),
        };
    }

    private static async Task WriteAsync(HttpContext context, ApiResponse response)
    {
        context.Response.StatusCode = response.Status;
        context.Response.ContentType = response.ContentType;
        if (response.RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        // Responses 204 and 304 must not have a body.
        if (response.Body.Length > 0 && response.Status is not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified))
        {
            await context.Response.WriteAsync(response.Body, context.RequestAborted);
        }
    }
}
