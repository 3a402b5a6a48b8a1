using System.Net;

namespace AivenMetrics.Gateway.Failover;

/// <summary>An answer that may go to the client, and who gave it. Dispose it when its body was copied.</summary>
internal sealed class UpstreamAnswer(Destination destination, HttpResponseMessage response, WholeBody? body, Deadline deadline) : IDisposable
{
    public Destination Destination => destination;

    public HttpResponseMessage Response => response;

    /// <summary>The body of an error, and of what was to be read whole (<see cref="UpstreamRequest.WholeUpTo"/>); null where it is still to come.</summary>
    public WholeBody? Body => body;

    public Deadline Deadline => deadline;

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
    NotOffered,
}

/// <summary>How one request to one destination ended.</summary>
/// <param name="Answer">What may go to the client, if anything.</param>
/// <param name="Failure">Why there is none.</param>
/// <param name="IsFinal">No other destination need be asked.</param>
internal readonly record struct Attempt(UpstreamAnswer? Answer, UpstreamFailure Failure, bool IsFinal)
{
    public static Attempt Failed => new(null, UpstreamFailure.Unavailable, IsFinal: false);

    public static Attempt TimedOut => new(null, UpstreamFailure.TimedOut, IsFinal: true);

    public static Attempt NotOffered => new(null, UpstreamFailure.NotOffered, IsFinal: true);
}

/// <summary>
/// Asks the destinations, the usual one first, until one answers.
/// </summary>
/// <remarks>
/// 1. Take the destinations in the order of <see cref="Destinations.ToTry"/>; leave out those that are known to hang.
/// 2. Send the request; wait for the answer's headers, no longer than the timeout. A light request is sent to a second destination too
///    when the first is slow to begin (<see cref="Hedging"/>).
/// 3. Judge the answer (<see cref="AnswerJudge"/>): the query engine's own answer is the client's, be it a success or an error. One that
///    lacks the path would not have it on another server.
/// 4. Read the body of an error, and of what nobody gets as it comes, to its end (<see cref="WholeBody"/>).
/// 5. No connection, it broke, a probe finds the destination hanging during 2 to 4, or what came is something else, such as 502, a 503 of
///    a server that starts or half a JSON: note the failure, next destination.
/// 6. None left: unavailable.
/// Nothing is written to the client here, so that trying again, or asking two at once, stays possible.
/// </remarks>
internal sealed class Upstream(
    Destinations destinations,
    HttpMessageInvoker invoker,
    GatewayOptions options,
    Hedging hedging,
    GatewayMetrics metrics,
    TimeProvider time)
{
    /// <summary>The client for all destinations: no proxy, cookies, redirects or headers of its own, and no long wait for a dead host.</summary>
    public static HttpMessageInvoker CreateInvoker() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    });

    /// <summary>Asks until one answers.</summary>
    public async ValueTask<(UpstreamAnswer? Answer, UpstreamFailure Failure)> AskAsync(
        UpstreamRequest request, ForwardedHeaders headers, CancellationToken aborted)
    {
        var order = destinations.ToTry(request.Window);
        for (var i = 0; i < order.Length; i++)
        {
            var attempt = request.IsLight && hedging.IsOn && NextWell(order, i) is { } next
                ? await AskEitherAsync(order[i], next, request, headers, aborted)
                : await AttemptAsync(order[i], request, headers, NewDeadline(aborted));
            if (attempt.IsFinal)
                return (attempt.Answer, attempt.Failure);
        }

        return (null, UpstreamFailure.Unavailable);
    }

    private static Destination? NextWell(Destination[] order, int after)
    {
        for (var i = after + 1; i < order.Length; i++)
            if (order[i].Rank == 0)
                return order[i];
        return null;
    }

    private Deadline NewDeadline(CancellationToken aborted) => new(options.UpstreamTimeout, time, aborted);

    /// <summary>Asks the second one too when the first is slow to begin its answer. The first good answer counts, the other wait is ended.</summary>
    private async ValueTask<Attempt> AskEitherAsync(
        Destination first, Destination second, UpstreamRequest request, ForwardedHeaders headers, CancellationToken aborted)
    {
        var began = time.GetTimestamp();
        var deadline = NewDeadline(aborted);
        var begun = request.WholeUpTo is null ? null : new TaskCompletionSource();
        var asking = AttemptAsync(first, request, headers, deadline, begun).AsTask();
        var beginning = begun is null ? (Task)asking : Task.WhenAny(asking, begun.Task);
        await beginning.WaitAsync(hedging.Delay, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (beginning.IsCompleted || !hedging.TryTake())
        {
            await beginning.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var took = time.GetElapsedTime(began);
            var attempt = await asking;
            if (attempt.Answer is not null)
                hedging.Took(took);
            return attempt;
        }

        var hedgeDeadline = NewDeadline(aborted);
        var hedge = AttemptAsync(second, request, headers, hedgeDeadline).AsTask();
        var (left, leftDeadline) = (hedge, hedgeDeadline);
        try
        {
            if (await Task.WhenAny(asking, hedge) == hedge && hedge.IsCompletedSuccessfully && hedge.Result.Answer is { Response.IsSuccessStatusCode: true })
            {
                (left, leftDeadline) = (asking, deadline);
                hedging.Won();
                return await hedge;
            }

            var usual = await asking;
            if (usual.IsFinal)
                return usual;
            (left, leftDeadline) = (asking, deadline);
            return await hedge;
        }
        finally
        {
            Leave(left, leftDeadline);
        }
    }

    private static void Leave(Task<Attempt> attempt, Deadline deadline)
    {
        deadline.Abandon();
        _ = attempt.ContinueWith(
            static left => left.Result.Answer?.Dispose(), default, TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>One request to one destination. The deadline is disposed, at once or with the answer.</summary>
    /// <param name="destination">Who is asked.</param>
    /// <param name="request">What.</param>
    /// <param name="headers">With the client's headers.</param>
    /// <param name="deadline">How long.</param>
    /// <param name="begun">Completed when the answer begins, for who wants to know it before its end.</param>
    private async ValueTask<Attempt> AttemptAsync(
        Destination destination, UpstreamRequest request, ForwardedHeaders headers, Deadline deadline, TaskCompletionSource? begun = null)
    {
        HttpResponseMessage? response = null;
        WholeBody? body = null;
        var attempt = Attempt.Failed;
        try
        {
            // In this order: who is found to hang after the look cancels the token that was taken before it.
            var lost = destination.Lost;
            if (destination.IsHung)
                return attempt;

            using var message = request.For(destination, headers);
            Verdict verdict;
            using (deadline.EndedBy(lost))
            {
                response = await invoker.SendAsync(message, deadline.Token);
                begun?.TrySetResult();
                verdict = await AnswerJudge.JudgeAsync(response, request.Shape, deadline.Token);
                if (verdict == Verdict.Answer && AnswerJudge.ReadsWhole(response, request, out var lengthMax, out var isJson))
                {
                    destination.Began();
                    body = await WholeBody.ReadAsync(response, lengthMax, isJson, deadline.Token);
                }
            }

            deadline.ThrowIfLost();
            // Only of one that is known to work does it tell anything that it lacks a path: a login page lacks all.
            if (verdict == Verdict.NotOffered && destination.Rank < Destination.FailedRank)
            {
                metrics.Attempted(destination.Name, "not_offered");
                return Attempt.NotOffered;
            }

            if (verdict == Verdict.Answer)
            {
                destination.Answered();
                metrics.Attempted(destination.Name, "answered");
                attempt = new Attempt(new UpstreamAnswer(destination, response, body, deadline), UpstreamFailure.None, IsFinal: true);
                return attempt;
            }

            metrics.Attempted(destination.Name, "status");
            destinations.Struck(destination, $"status {(int)response.StatusCode}");
        }
        catch (HttpRequestException e) when (e.HttpRequestError
            is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            metrics.Attempted(destination.Name, "connect");
            destinations.Unreachable(destination, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            metrics.Attempted(destination.Name, "broken");
            destinations.Struck(destination, e.Message);
        }
        catch (OperationCanceledException) when (deadline.Abandoned)
        {
            metrics.Attempted(destination.Name, "abandoned");
        }
        catch (OperationCanceledException) when (deadline.Passed)
        {
            metrics.Attempted(destination.Name, "timeout");
            return Attempt.TimedOut;
        }
        catch (OperationCanceledException e) when (deadline.Lost || !deadline.Token.IsCancellationRequested)
        {
            // A probe found that it hangs, or the handler's own timeout for connecting passed.
            metrics.Attempted(destination.Name, destination.IsHung ? "hung" : "connect");
            if (destination.Rank < Destination.FailedRank)
                destinations.Unreachable(destination, e.InnerException?.Message ?? "no connection in time");
        }
        finally
        {
            if (attempt.Answer is null)
            {
                body?.Dispose();
                response?.Dispose();
                deadline.Dispose();
            }
        }

        return attempt;
    }
}
