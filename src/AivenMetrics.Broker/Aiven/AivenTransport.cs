using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace AivenMetrics.Broker.Aiven;

/// <summary>A request to Aiven.</summary>
/// <param name="Operation">Description of the operation for errors and metrics, for example "list services".</param>
/// <param name="Project">Name of the project. Failures of one project do not pause others.</param>
/// <param name="Path">Path after <c>/v1/</c>, with escaped segments.</param>
internal sealed record AivenRequest(string Operation, string Project, HttpMethod Method, string Path)
{
    public byte[]? Body { get; init; }

    /// <summary>Values in the body to remove from error messages.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>False for a request that creates something: after a connection failure its outcome is unknown.</summary>
    public bool IsIdempotent => Method != HttpMethod.Post;
}

/// <summary>
/// Sends requests to Aiven with these layers, from the outside in: 1. the total timeout; 2. retries with jitter on 408, 429, 5xx and
/// network failures, honoring <c>Retry-After</c>; 3. a circuit breaker per project; 4. the rate limit of the token, shared by all projects;
/// 5. the timeout of one attempt, including the response body. Requests that create something are retried only if Aiven certainly did not
/// process them.
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

    /// <summary>
    /// Creates a client whose pooled connections are closed before Aiven closes them, which is after about one idle minute.
    /// </summary>
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

    /// <summary>Sends a request and parses the response.</summary>
    /// <param name="type">Type of the response; null: the body of a successful response is not read.</param>
    /// <exception cref="AivenException">Aiven rejected the request.</exception>
    /// <exception cref="AivenUnreachableException">No response was received, and nothing was changed.</exception>
    /// <exception cref="AivenOutcomeUnknownException">The request creates something, and its outcome is unknown.</exception>
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
            throw new AivenUnreachableException(call.Operation, "requests are paused after repeated failures.");
        }
        catch (TimeoutRejectedException)
        {
            var problem = $"no success within {_options.TotalTimeout.TotalSeconds:0.#} s, including retries.";
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
        catch (AivenException exception) when (call.IsIdempotent || exception.Error.Status is not 408 and < 500)
        {
            attempt.InFlight = false;
            if (exception.Error.Status == 429 && exception.RetryAfter is { } pause)
            {
                _budget.Pause(pause);
            }
            throw;
        }
        catch (AivenException exception)
        {
            // A proxy in front of Aiven may time out although Aiven still processes the request.
            throw new AivenOutcomeUnknownException(call.Operation, $"{exception.Error.Status} {exception.Error.Message}");
        }
        catch (TimeoutRejectedException)
        {
            _telemetry.RecordCall(call.Operation, "timeout");
            throw NoResponse(call, attempt, $"no response within {_options.TryTimeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException exception)
        {
            _telemetry.RecordCall(call.Operation, "failed");
            // Without a connection, nothing reached Aiven.
            if (
                exception.HttpRequestError
                is HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError
                    or HttpRequestError.ProxyTunnelError
            )
            {
                attempt.InFlight = false;
            }
            throw NoResponse(call, attempt, $"the connection failed ({exception.HttpRequestError}).");
        }
        catch (Exception exception) when (exception is IOException or JsonException)
        {
            // The message of the exception is not used: it could quote the body.
            throw NoResponse(
                call,
                attempt,
                exception is JsonException ? "the response is not the expected JSON." : "the response ended prematurely."
            );
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
                    // Opens after about two requests that failed with all their retries. A single failure among successes does not count.
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

    private static bool IsRetryable(Exception? exception) =>
        exception switch
        {
            AivenException rejected => (rejected.IsTransient || rejected.Error.Status == 417) && !(rejected.RetryAfter > MaximumRetryAfter),
            AivenUnreachableException => true,
            _ => false,
        };

    /// <summary>State of a request across its attempts.</summary>
    private sealed class AttemptState
    {
        public int Count { get; set; }

        /// <summary>True if a request was sent and Aiven may have processed it.</summary>
        public bool InFlight { get; set; }
    }
}
