using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Telemetry;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>Sends requests to the destinations, the primary first, until one responds.</summary>
/// <remarks>
/// 1. Take the destinations in the order of <see cref="DestinationPool.GetOrder"/>; skip those that hang.
/// 2. Send the request and wait for the response headers, at most for the timeout. A light request is hedged if the first destination is
/// slow (<see cref="HedgingBudget"/>).
/// 3. Classify the response (<see cref="ResponseClassifier"/>): a response of the query engine, success or error, is for the client. If the
/// engine does not have the path, no other destination is tried.
/// 4. Buffer the body of an error, and of a response that the gateway changes as a whole (<see cref="BufferedBody"/>).
/// 5. After a connection failure, an incomplete body, a probe that finds the destination hanging, or any other response, such as a 502:
/// record the failure and try the next destination.
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
            attempt = RecordVerdict(destination, verdict, response.StatusCode) switch
            {
                UpstreamFailure.None => new(
                    new UpstreamResponse(destination, response, body, timeout),
                    UpstreamFailure.None,
                    IsFinal: true
                ),
                UpstreamFailure.NotSupported => AttemptResult.NotSupported,
                _ => AttemptResult.Failed,
            };
        }
        catch (Exception e) when (ClassifyFault(e, timeout) is { } fault)
        {
            RecordFault(destination, fault, e);
            attempt = fault == AttemptFault.TimedOut ? AttemptResult.TimedOut : AttemptResult.Failed;
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

    /// <summary>Records a complete response in the state of its destination and in the metrics.</summary>
    /// <returns>The reason why the response is not for the client; none if it is.</returns>
    private UpstreamFailure RecordVerdict(Destination destination, ResponseClass verdict, HttpStatusCode status)
    {
        // Only a healthy destination can report that it does not have a path: a login page has no path.
        if (verdict == ResponseClass.NotSupported && destination.Rank < Destination.FailedRank)
        {
            metrics.RecordAttempt(destination.Name, "not_offered");
            return UpstreamFailure.NotSupported;
        }

        if (verdict == ResponseClass.QueryResponse)
        {
            destination.RecordSuccess();
            metrics.RecordAttempt(destination.Name, "answered");
            return UpstreamFailure.None;
        }

        metrics.RecordAttempt(destination.Name, "status");
        destinations.RecordFailure(destination, $"status {(int)status}");
        return UpstreamFailure.Unavailable;
    }

    /// <summary>Returns the reason of an exception; null if the client cancelled the request, or the exception is a defect.</summary>
    private static AttemptFault? ClassifyFault(Exception exception, UpstreamTimeout timeout) =>
        exception switch
        {
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.ConnectionError
                    or HttpRequestError.NameResolutionError
                    or HttpRequestError.SecureConnectionError
            } => AttemptFault.Unreachable,
            HttpRequestException or IOException => AttemptFault.Broken,
            OperationCanceledException when timeout.IsCancelled => AttemptFault.Abandoned,
            OperationCanceledException when timeout.HasExpired => AttemptFault.TimedOut,
            OperationCanceledException when timeout.IsHung || !timeout.Token.IsCancellationRequested => AttemptFault.Hung,
            _ => null,
        };

    private void RecordFault(Destination destination, AttemptFault fault, Exception exception)
    {
        switch (fault)
        {
            case AttemptFault.Unreachable:
                metrics.RecordAttempt(destination.Name, "connect");
                destinations.RecordUnreachable(destination, exception.Message);
                break;
            case AttemptFault.Broken:
                metrics.RecordAttempt(destination.Name, "broken");
                destinations.RecordFailure(destination, exception.Message);
                break;
            case AttemptFault.Abandoned:
                metrics.RecordAttempt(destination.Name, "abandoned");
                break;
            case AttemptFault.TimedOut:
                metrics.RecordAttempt(destination.Name, "timeout");
                break;
            case AttemptFault.Hung:
                metrics.RecordAttempt(destination.Name, destination.IsHung ? "hung" : "connect");
                if (destination.Rank < Destination.FailedRank)
                {
                    destinations.RecordUnreachable(destination, exception.InnerException?.Message ?? "no connection in time");
                }
                break;
        }
    }

    /// <summary>The reason why an attempt has no response.</summary>
    private enum AttemptFault
    {
        /// <summary>The destination accepted no connection.</summary>
        Unreachable,

        /// <summary>The connection broke, or the response is malformed.</summary>
        Broken,

        /// <summary>The other attempt of a hedged request succeeded first.</summary>
        Abandoned,

        /// <summary>The timeout expired.</summary>
        TimedOut,

        /// <summary>A probe found that the destination hangs, or the connect timeout of the HTTP handler expired.</summary>
        Hung,
    }
}
