using System.Net;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Telemetry;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>An answer that may go to the client, and who gave it. Dispose it when its body was copied.</summary>
internal sealed class UpstreamResponse(Destination destination, HttpResponseMessage response, BufferedBody? body, UpstreamTimeout deadline)
    : IDisposable
{
    public Destination Destination => destination;

    public HttpResponseMessage Message => response;

    /// <summary>The body of an error, and of what was to be read whole (<see cref="UpstreamRequest.MaxBufferedBytes"/>); null where it is still to come.</summary>
    public BufferedBody? Body => body;

    public UpstreamTimeout Timeout => deadline;

    public void Dispose()
    {
        body?.Dispose();
        response.Dispose();
        deadline.Dispose();
    }
}

/// <summary>How asking the destinations ended without an answer.</summary>
internal enum UpstreamFailure
{
    /// <summary>There is an answer.</summary>
    None,

    /// <summary>No destination could be reached or answered usefully.</summary>
    Unavailable,

    /// <summary>A destination took the request and did not answer in time; another one would fare no better with it.</summary>
    TimedOut,

    /// <summary>A destination is well and has no such path.</summary>
    NotSupported,
}

/// <summary>How one request to one destination ended.</summary>
/// <param name="Response">What may go to the client, if anything.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="IsFinal">No other destination need be asked.</param>
internal readonly record struct AttemptResult(UpstreamResponse? Response, UpstreamFailure Failure, bool IsFinal)
{
    public static AttemptResult Failed => new(null, UpstreamFailure.Unavailable, IsFinal: false);

    public static AttemptResult TimedOut => new(null, UpstreamFailure.TimedOut, IsFinal: true);

    public static AttemptResult NotSupported => new(null, UpstreamFailure.NotSupported, IsFinal: true);
}

/// <summary>
/// Asks the destinations, the usual one first, until one answers.
/// </summary>
/// <remarks>
/// 1. Take the destinations in the order of <see cref="DestinationPool.GetOrder"/>; leave out those that are known to hang.
/// 2. Send the request; wait for the answer's headers, no longer than the timeout. A light request is sent to a second destination too
///    when the first is slow to begin (<see cref="HedgingBudget"/>).
/// 3. Judge the answer (<see cref="ResponseClassifier"/>): the query engine's own answer is the client's, be it a success or an error. One that
///    lacks the path would not have it on another server.
/// 4. Read the body of an error, and of what nobody gets as it comes, to its end (<see cref="BufferedBody"/>).
/// 5. No connection, it broke, a probe finds the destination hanging during 2 to 4, or what came is something else, such as 502, a 503 of
///    a server that starts or half a JSON: note the failure, next destination.
/// 6. None left: unavailable.
/// Nothing is written to the client here, so that trying again, or asking two at once, stays possible.
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
    /// <summary>The client for all destinations: no proxy, cookies, redirects or headers of its own, and no long wait for a dead host.</summary>
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

    /// <summary>Asks until one answers.</summary>
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

    /// <summary>Asks the second one too when the first is slow to begin its answer. The first good answer counts, the other wait is ended.</summary>
    private async ValueTask<AttemptResult> SendHedgedAsync(
        Destination first,
        Destination second,
        UpstreamRequest request,
        ForwardedHeaders headers,
        CancellationToken cancellationToken
    )
    {
        var began = time.GetTimestamp();
        var deadline = CreateTimeout(cancellationToken);
        var begun = request.MaxBufferedBytes is null ? null : new TaskCompletionSource();
        var asking = AttemptAsync(first, request, headers, deadline, begun).AsTask();
        var beginning = begun is null ? (Task)asking : Task.WhenAny(asking, begun.Task);
        await beginning.WaitAsync(hedging.Delay, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (beginning.IsCompleted || !hedging.TryAcquire())
        {
            await beginning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var took = time.GetElapsedTime(began);
            var attempt = await asking;
            if (attempt.Response is not null)
            {
                hedging.RecordDuration(took);
            }
            return attempt;
        }

        var hedgeDeadline = CreateTimeout(cancellationToken);
        var hedge = AttemptAsync(second, request, headers, hedgeDeadline).AsTask();
        var (left, leftDeadline) = (hedge, hedgeDeadline);
        try
        {
            if (
                await Task.WhenAny(asking, hedge) == hedge
                && hedge.IsCompletedSuccessfully
                && hedge.Result.Response is { Message.IsSuccessStatusCode: true }
            )
            {
                (left, leftDeadline) = (asking, deadline);
                hedging.RecordWin();
                return await hedge;
            }

            var usual = await asking;
            if (usual.IsFinal)
            {
                return usual;
            }
            (left, leftDeadline) = (asking, deadline);
            return await hedge;
        }
        finally
        {
            Discard(left, leftDeadline);
        }
    }

    private static void Discard(Task<AttemptResult> attempt, UpstreamTimeout deadline)
    {
        deadline.Cancel();
        _ = attempt.ContinueWith(
            static left => left.Result.Response?.Dispose(),
            default,
            TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    /// <summary>One request to one destination. The deadline is disposed, at once or with the answer.</summary>
    /// <param name="destination">Who is asked.</param>
    /// <param name="request">What.</param>
    /// <param name="headers">With the client's headers.</param>
    /// <param name="deadline">How long.</param>
    /// <param name="begun">Completed when the answer begins, for who wants to know it before its end.</param>
    private async ValueTask<AttemptResult> AttemptAsync(
        Destination destination,
        UpstreamRequest request,
        ForwardedHeaders headers,
        UpstreamTimeout deadline,
        TaskCompletionSource? begun = null
    )
    {
        HttpResponseMessage? response = null;
        BufferedBody? body = null;
        var attempt = AttemptResult.Failed;
        try
        {
            // In this order: who is found to hang after the look cancels the token that was taken before it.
            var lost = destination.HungToken;
            if (destination.IsHung)
            {
                return attempt;
            }

            using var message = request.CreateMessage(destination, headers);
            ResponseClass verdict;
            using (deadline.LinkHungToken(lost))
            {
                response = await invoker.SendAsync(message, deadline.Token);
                begun?.TrySetResult();
                verdict = await ResponseClassifier.ClassifyAsync(response, request.Shape, deadline.Token);
                if (
                    verdict == ResponseClass.QueryResponse
                    && ResponseClassifier.RequiresBuffering(response, request, out var lengthMax, out var isJson)
                )
                {
                    destination.RecordResponseStart();
                    body = await BufferedBody.ReadAsync(response, lengthMax, isJson, deadline.Token);
                }
            }

            deadline.ThrowIfHung();
            // Only of one that is known to work does it tell anything that it lacks a path: a login page lacks all.
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
                    new UpstreamResponse(destination, response, body, deadline),
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
        catch (OperationCanceledException) when (deadline.IsCancelled)
        {
            metrics.RecordAttempt(destination.Name, "abandoned");
        }
        catch (OperationCanceledException) when (deadline.HasExpired)
        {
            metrics.RecordAttempt(destination.Name, "timeout");
            return AttemptResult.TimedOut;
        }
        catch (OperationCanceledException e) when (deadline.IsHung || !deadline.Token.IsCancellationRequested)
        {
            // A probe found that it hangs, or the handler's own timeout for connecting passed.
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
                deadline.Dispose();
            }
        }

        return attempt;
    }
}
