using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Telemetry;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>A response for the client, with its destination. Dispose it after its body is copied.</summary>
internal sealed class UpstreamResponse(Destination destination, HttpResponseMessage response, BufferedBody? body, UpstreamTimeout timeout)
    : IDisposable
{
    public Destination Destination => destination;

    public HttpResponseMessage Message => response;

    /// <summary>
    /// The body of an error or of a buffered response (<see cref="UpstreamRequest.MaxBufferedBytes"/>); null if it is still to be read.
    /// </summary>
    public BufferedBody? Body => body;

    public UpstreamTimeout Timeout => timeout;

    public void Dispose()
    {
        body?.Dispose();
        response.Dispose();
        timeout.Dispose();
    }
}

/// <summary>The reason why no destination responded.</summary>
internal enum UpstreamFailure
{
    /// <summary>There is a response.</summary>
    None,

    /// <summary>No destination was reachable and responded as a query engine.</summary>
    Unavailable,

    /// <summary>A destination accepted the request and did not respond in time. The request is not sent to another one.</summary>
    TimedOut,

    /// <summary>A healthy destination does not have the path.</summary>
    NotSupported,
}

/// <summary>The result of one attempt at one destination.</summary>
/// <param name="Response">The response for the client; null if there is none.</param>
/// <param name="Failure">The reason why there is no response.</param>
/// <param name="IsFinal">Whether no other destination is tried.</param>
internal readonly record struct AttemptResult(UpstreamResponse? Response, UpstreamFailure Failure, bool IsFinal)
{
    public static AttemptResult Failed => new(null, UpstreamFailure.Unavailable, IsFinal: false);

    public static AttemptResult TimedOut => new(null, UpstreamFailure.TimedOut, IsFinal: true);

    public static AttemptResult NotSupported => new(null, UpstreamFailure.NotSupported, IsFinal: true);
}

/// <summary>Sends requests to the destinations, the primary first, until one responds.</summary>
/// <remarks>
/// 1. Take the destinations in the order of <see cref="DestinationPool.GetOrder"/>; skip those that hang.
/// 2. Send the request and wait for the response headers, at most for the timeout. A light request is hedged if the first destination is
/// slow    (<see cref="HedgingBudget"/>).
/// 3. Classify the response (<see cref="ResponseClassifier"/>): a response of the query engine, success or error, is for the client. If the
/// engine    does not have the path, no other destination is tried.
/// 4. Buffer the body of an error, and of a response that the gateway changes as a whole (<see cref="BufferedBody"/>).
/// 5. After a connection failure, an incomplete body, a probe that finds the destination hanging, or any other response, such as a 502:
/// record the    failure and try the next destination.
/// 6. After the last destination: unavailable.
/// Nothing is written to the client, so that a retry and a hedge remain possible.
/// </remarks>
internal sealed class UpstreamClient(
    DestinationPool destinations,
    HttpMessageInvoker invoker,
    GatewayOptions options,
    HedgingBudget hedging,
    GatewayMetrics metrics,
    TimeProvider time
)
{
    /// <summary>
    /// Creates the HTTP client for all destinations, without proxy, cookies, redirects and headers of its own, and with a short connect
    /// timeout.
    /// </summary>
    public static HttpMessageInvoker CreateInvoker() =>
        new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                ConnectTimeout = TimeSpan.FromSeconds(2),
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            }
        );

    /// <summary>Sends a request until one destination responds.</summary>
    public async ValueTask<(UpstreamResponse? Answer, UpstreamFailure Failure)> SendAsync(
        UpstreamRequest request,
        ForwardedHeaders headers,
        CancellationToken cancellationToken
    )
    {
        var order = destinations.GetOrder(request.Window);
        for (var i = 0; i < order.Length; i++)
        {
            var attempt =
                request.IsLight && hedging.IsEnabled && NextHealthy(order, i) is { } next
                    ? await SendHedgedAsync(order[i], next, request, headers, cancellationToken)
                    : await AttemptAsync(order[i], request, headers, CreateTimeout(cancellationToken));
            if (attempt.IsFinal)
            {
                return (attempt.Response, attempt.Failure);
            }
        }

        return (null, UpstreamFailure.Unavailable);
    }

    private static Destination? NextHealthy(Destination[] order, int after)
    {
        for (var i = after + 1; i < order.Length; i++)
        {
            if (order[i].Rank == 0)
            {
                return order[i];
            }
        }
        return null;
    }

    private UpstreamTimeout CreateTimeout(CancellationToken cancellationToken) => new(options.UpstreamTimeout, time, cancellationToken);

    /// <summary>Hedges a slow request: sends it to a second destination, returns the first success and cancels the other.</summary>
    private async ValueTask<AttemptResult> SendHedgedAsync(
        Destination first,
        Destination second,
        UpstreamRequest request,
        ForwardedHeaders headers,
        CancellationToken cancellationToken
    )
    {
        var started = time.GetTimestamp();
        var timeout = CreateTimeout(cancellationToken);
        var responseStarted = request.MaxBufferedBytes is null ? null : new TaskCompletionSource();
        var asking = AttemptAsync(first, request, headers, timeout, responseStarted).AsTask();
        var beginning = responseStarted is null ? (Task)asking : Task.WhenAny(asking, responseStarted.Task);
        await beginning.WaitAsync(hedging.Delay, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (beginning.IsCompleted || !hedging.TryAcquire())
        {
            await beginning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var took = time.GetElapsedTime(started);
            var attempt = await asking;
            if (attempt.Response is not null)
            {
                hedging.RecordDuration(took);
            }
            return attempt;
        }

        var hedgeTimeout = CreateTimeout(cancellationToken);
        var hedge = AttemptAsync(second, request, headers, hedgeTimeout).AsTask();
        var (left, leftTimeout) = (hedge, hedgeTimeout);
        try
        {
            if (
                await Task.WhenAny(asking, hedge) == hedge
                && hedge.IsCompletedSuccessfully
                && hedge.Result.Response is { Message.IsSuccessStatusCode: true }
            )
            {
                (left, leftTimeout) = (asking, timeout);
                hedging.RecordWin();
                return await hedge;
            }

            var usual = await asking;
            if (usual.IsFinal)
            {
                return usual;
            }
            (left, leftTimeout) = (asking, timeout);
            return await hedge;
        }
        finally
        {
            Discard(left, leftTimeout);
        }
    }

    private static void Discard(Task<AttemptResult> attempt, UpstreamTimeout timeout)
    {
        timeout.Cancel();
        _ = attempt.ContinueWith(
            static left => left.Result.Response?.Dispose(),
            default,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>Sends a request to one destination. The timeout is disposed, at once or with the response.</summary>
    /// <param name="destination">The destination.</param>
    /// <param name="request">The request.</param>
    /// <param name="headers">The client's headers.</param>
    /// <param name="timeout">The timeout.</param>
    /// <param name="responseStarted">Completed when the response begins; null if the caller does not need it.</param>
    private async ValueTask<AttemptResult> AttemptAsync(
        Destination destination,
        UpstreamRequest request,
        ForwardedHeaders headers,
        UpstreamTimeout timeout,
        TaskCompletionSource? responseStarted = null
    )
    {
        HttpResponseMessage? response = null;
        BufferedBody? body = null;
        var attempt = AttemptResult.Failed;
        try
        {
            // In this order: if the destination is found to hang after the check, the token taken before it is cancelled.
            var hungToken = destination.HungToken;
            if (destination.IsHung)
            {
                return attempt;
            }

            using var message = request.CreateMessage(destination, headers);
            ResponseClass verdict;
            using (timeout.LinkHungToken(hungToken))
            {
                response = await invoker.SendAsync(message, timeout.Token);
                responseStarted?.TrySetResult();
                verdict = await ResponseClassifier.ClassifyAsync(response, request.Shape, timeout.Token);
                if (
                    verdict == ResponseClass.QueryResponse
                    && ResponseClassifier.RequiresBuffering(response, request, out var lengthMax, out var isJson)
                )
                {
                    destination.RecordResponseStart();
                    body = await BufferedBody.ReadAsync(response, lengthMax, isJson, timeout.Token);
                }
            }

            timeout.ThrowIfHung();
            // Only a healthy destination can report that it does not have a path: a login page has no path.
            if (verdict == ResponseClass.NotSupported && destination.Rank < Destination.FailedRank)
            {
                metrics.RecordAttempt(destination.Name, "not_offered");
                return AttemptResult.NotSupported;
            }

            if (verdict == ResponseClass.QueryResponse)
            {
                destination.RecordSuccess();
                metrics.RecordAttempt(destination.Name, "answered");
                attempt = new AttemptResult(
                    new UpstreamResponse(destination, response, body, timeout),
                    UpstreamFailure.None,
                    IsFinal: true
                );
                return attempt;
            }

            metrics.RecordAttempt(destination.Name, "status");
            destinations.RecordFailure(destination, $"status {(int)response.StatusCode}");
        }
        catch (HttpRequestException e)
            when (e.HttpRequestError
                    is HttpRequestError.ConnectionError
                        or HttpRequestError.NameResolutionError
                        or HttpRequestError.SecureConnectionError
            )
        {
            metrics.RecordAttempt(destination.Name, "connect");
            destinations.RecordUnreachable(destination, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            metrics.RecordAttempt(destination.Name, "broken");
            destinations.RecordFailure(destination, e.Message);
        }
        catch (OperationCanceledException) when (timeout.IsCancelled)
        {
            metrics.RecordAttempt(destination.Name, "abandoned");
        }
        catch (OperationCanceledException) when (timeout.HasExpired)
        {
            metrics.RecordAttempt(destination.Name, "timeout");
            return AttemptResult.TimedOut;
        }
        catch (OperationCanceledException e) when (timeout.IsHung || !timeout.Token.IsCancellationRequested)
        {
            // A probe found that the destination hangs, or the connect timeout of the HTTP handler expired.
            metrics.RecordAttempt(destination.Name, destination.IsHung ? "hung" : "connect");
            if (destination.Rank < Destination.FailedRank)
            {
                destinations.RecordUnreachable(destination, e.InnerException?.Message ?? "no connection in time");
            }
        }
        finally
        {
            if (attempt.Response is null)
            {
                body?.Dispose();
                response?.Dispose();
                timeout.Dispose();
            }
        }

        return attempt;
    }
}
