using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace AivenMetrics.Broker.Aiven;

/// <summary>One call to Aiven.</summary>
/// <param name="Operation">What it does, in words that fit errors and metrics: "list services".</param>
/// <param name="Project">The project; failures in one project do not pause another.</param>
/// <param name="Path">Path after <c>/v1/</c>, segments already escaped.</param>
internal sealed record AivenRequest(string Operation, string Project, HttpMethod Method, string Path)
{
    public byte[]? Body { get; init; }

    /// <summary>Values in the body that must not come back in an error's text.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>False for a call that creates something: after a broken connection nobody knows whether it did.</summary>
    public bool IsIdempotent => Method != HttpMethod.Post;
}

/// <summary>
/// Sends calls to Aiven so that a bad minute there is only a slow minute here. From the outside in:
/// 1. the total timeout; 2. retries with jitter on 408, 429, 5xx and network faults, waiting as long as Aiven asks;
/// 3. a circuit breaker per project; 4. the rate budget of the token, shared by all projects; 5. the timeout of one try,
/// which covers reading the body. Calls that create are repeated only when Aiven certainly did not take them.
/// </summary>
internal sealed class AivenTransport
{
    private static readonly TimeSpan MaximumRetryAfter = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan MaximumBackoff = TimeSpan.FromSeconds(15);

    private readonly HttpClient _http;
    private readonly AivenOptions _options;
    private readonly TimeProvider _time;
    private readonly AivenClientMetrics _telemetry;
    private readonly RequestRateLimiter _budget;
    private readonly Uri _base;
    private readonly ResiliencePipeline _try;
    private readonly ConcurrentDictionary<string, ResiliencePipeline> _whole = new(StringComparer.Ordinal);

    public AivenTransport(HttpClient http, AivenOptions options, TimeProvider time, AivenClientMetrics metrics)
    {
        (_http, _options, _time, _telemetry) = (http, options, time, metrics);
        _budget = new RequestRateLimiter(options.RequestsPerMinute, time);
        _base = new Uri(options.ApiUrl.TrimEnd('/') + "/v1/");
        _try = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(options.TryTimeout)
            .Build();
    }

    /// <summary>A client whose pooled connections end before Aiven closes them (after about a minute idle).</summary>
    public static HttpClient CreateHttpClient() =>
        new(
            new SocketsHttpHandler
            {
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(45),
                PooledConnectionLifetime = TimeSpan.FromMinutes(30),
                ConnectTimeout = TimeSpan.FromSeconds(10),
                AutomaticDecompression = System.Net.DecompressionMethods.All,
                AllowAutoRedirect = false,
                UseCookies = false,
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };

    /// <summary>Sends a call and reads its answer.</summary>
    /// <param name="type">How to read the answer; null: any success will do and its body is not read.</param>
    /// <exception cref="AivenException">Aiven refused.</exception>
    /// <exception cref="AivenUnreachableException">No answer, and nothing happened.</exception>
    /// <exception cref="AivenOutcomeUnknownException">A creating call whose end is unknown.</exception>
    public async Task<T?> SendAsync<T>(AivenRequest call, JsonTypeInfo<T>? type, CancellationToken cancellationToken)
        where T : class
    {
        var attempt = new AttemptState();
        try
        {
            var pipeline = _whole.GetOrAdd(call.Project, _ => BuildPipeline());
            return await pipeline.ExecuteAsync(async token => await SendAttemptAsync(call, type, attempt, token), cancellationToken);
        }
        catch (BrokenCircuitException)
        {
            throw new AivenUnreachableException(call.Operation, "too many failures in a row, calls pause for a moment.");
        }
        catch (TimeoutRejectedException)
        {
            var problem = $"not done within {_options.TotalTimeout.TotalSeconds:0.#} s, retries included.";
            throw attempt.InFlight && !call.IsIdempotent
                ? new AivenOutcomeUnknownException(call.Operation, problem)
                : new AivenUnreachableException(call.Operation, problem);
        }
    }

    private async ValueTask<T?> SendAttemptAsync<T>(
        AivenRequest call,
        JsonTypeInfo<T>? type,
        AttemptState attempt,
        CancellationToken cancellationToken
    )
        where T : class
    {
        if (attempt.Count++ > 0)
        {
            _telemetry.RecordRetry(call.Operation);
        }
        _telemetry.RecordBudgetWait(await _budget.AcquireAsync(cancellationToken));
        try
        {
            attempt.InFlight = true;
            var answer = await _try.ExecuteAsync(async token => await SendRequestAsync(call, type, token), cancellationToken);
            attempt.InFlight = false;
            return answer;
        }
        catch (AivenException refusal) when (call.IsIdempotent || refusal.Error.Status is not 408 and < 500)
        {
            attempt.InFlight = false;
            if (refusal.Error.Status == 429 && refusal.RetryAfter is { } pause)
            {
                _budget.Pause(pause);
            }
            throw;
        }
        catch (AivenException refusal)
        {
            // A gateway in front of Aiven may give up on a request that Aiven still carries out.
            throw new AivenOutcomeUnknownException(call.Operation, $"{refusal.Error.Status} {refusal.Error.Message}");
        }
        catch (TimeoutRejectedException)
        {
            _telemetry.RecordCall(call.Operation, "timeout");
            throw NoResponse(call, attempt, $"no answer within {_options.TryTimeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException fault)
        {
            _telemetry.RecordCall(call.Operation, "failed");
            // Nothing reached Aiven if there was no connection.
            if (
                fault.HttpRequestError
                is HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError
                    or HttpRequestError.ProxyTunnelError
            )
            {
                attempt.InFlight = false;
            }
            throw NoResponse(call, attempt, $"the connection failed ({fault.HttpRequestError}).");
        }
        catch (Exception fault) when (fault is IOException or JsonException)
        {
            // Not the fault's own text: it could quote the body.
            throw NoResponse(call, attempt, fault is JsonException ? "the answer was not the JSON we expect." : "the answer broke off.");
        }
    }

    private static Exception NoResponse(AivenRequest call, AttemptState attempt, string problem)
    {
        if (attempt.InFlight && !call.IsIdempotent)
        {
            return new AivenOutcomeUnknownException(call.Operation, problem);
        }
        attempt.InFlight = false;
        return new AivenUnreachableException(call.Operation, problem);
    }

    private async ValueTask<T?> SendRequestAsync<T>(AivenRequest call, JsonTypeInfo<T>? type, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(call.Method, new Uri(_base, call.Path));
        request.Headers.Authorization = new AuthenticationHeaderValue("aivenv1", _options.Token);
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd("aiven-metrics");
        if (call.Body is not null)
        {
            request.Content = new ByteArrayContent(call.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        _telemetry.RecordCall(call.Operation, $"{(int)response.StatusCode / 100}xx");
        if (!response.IsSuccessStatusCode)
        {
            throw await AivenErrorReader.ReadExceptionAsync(
                call.Operation,
                response,
                [_options.Token, .. call.Secrets],
                _time.GetUtcNow(),
                cancellationToken
            );
        }
        if (type is null)
        {
            return null;
        }
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        return await JsonSerializer.DeserializeAsync(stream, type, cancellationToken)
            ?? throw new JsonException("null where an object was expected");
    }

    private ResiliencePipeline BuildPipeline() =>
        new ResiliencePipelineBuilder { TimeProvider = _time }
            .AddTimeout(_options.TotalTimeout)
            .AddRetry(
                new()
                {
                    MaxRetryAttempts = Math.Max(1, _options.Retries),
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = _options.RetryDelay,
                    MaxDelay = MaximumBackoff,
                    ShouldHandle = outcome => ValueTask.FromResult(_options.Retries > 0 && IsRetryable(outcome.Outcome.Exception)),
                    DelayGenerator = outcome => ValueTask.FromResult((outcome.Outcome.Exception as AivenException)?.RetryAfter),
                }
            )
            .AddCircuitBreaker(
                new()
                {
                    // Two calls that failed with all their retries, or so; a single bad answer among good ones does not count.
                    FailureRatio = 0.8,
                    MinimumThroughput = 10,
                    SamplingDuration = TimeSpan.FromSeconds(30),
                    BreakDuration = _options.BreakDuration,
                    ShouldHandle = outcome =>
                        ValueTask.FromResult(
                            outcome.Outcome.Exception
                                is AivenUnreachableException
                                    or AivenOutcomeUnknownException
                                    or AivenException { Error.Status: 408 or >= 500 }
                        ),
                }
            )
            .Build();

    private static bool IsRetryable(Exception? fault) =>
        fault switch
        {
            AivenException refusal => (refusal.IsTransient || refusal.Error.Status == 417) && !(refusal.RetryAfter > MaximumRetryAfter),
            AivenUnreachableException => true,
            _ => false,
        };

    /// <summary>What is known about a call across its tries.</summary>
    private sealed class AttemptState
    {
        public int Count { get; set; }

        /// <summary>A request left us and nothing says that Aiven did not take it.</summary>
        public bool InFlight { get; set; }
    }
}
