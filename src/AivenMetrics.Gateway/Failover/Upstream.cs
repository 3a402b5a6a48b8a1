using System.Net;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway.Failover;

/// <summary>An answer that may go to the client, and who gave it. Dispose it when its body was copied.</summary>
internal sealed class UpstreamAnswer(Destination destination, HttpResponseMessage response, Deadline deadline) : IDisposable
{
    public Destination Destination => destination;

    public HttpResponseMessage Response => response;

    public Deadline Deadline => deadline;

    public void Dispose()
    {
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

/// <summary>
/// Asks the destinations, the usual one first, until one answers.
/// </summary>
/// <remarks>
/// 1. Take the destinations in the order of <see cref="Destinations.ToTry"/>.
/// 2. Send the request; wait for the answer's headers, no longer than the timeout.
/// 3. No connection, it broke, or a probe finds the destination hanging: note the failure, next destination.
/// 4. Judge the answer (<see cref="AnswerJudge"/>): the query engine's own answer is the client's, be it a success or an error. One that
///    lacks the path would not have it on another server.
/// 5. Anything else, such as 502 or a 503 of a server that starts: note the failure, next destination.
/// 6. None left: unavailable.
/// Nothing is written to the client here, so that trying again, or asking two at once, stays possible.
/// </remarks>
internal sealed class Upstream(
    Destinations destinations,
    HttpMessageInvoker invoker,
    GatewayOptions options,
    GatewayMetrics metrics,
    TimeProvider time,
    ILogger<Upstream> logger)
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
        foreach (var destination in destinations.ToTry())
        {
            var deadline = new Deadline(options.UpstreamTimeout, time, aborted);
            UpstreamAnswer? answer = null;
            try
            {
                (answer, var notOffered) = await AttemptAsync(destination, request, headers, deadline);
                if (answer is not null)
                    return (answer, UpstreamFailure.None);
                if (notOffered)
                    return (null, UpstreamFailure.NotOffered);
            }
            catch (OperationCanceledException) when (deadline.Passed)
            {
                metrics.Attempted(destination.Name, "timeout");
                return (null, UpstreamFailure.TimedOut);
            }
            finally
            {
                if (answer is null)
                    deadline.Dispose();
            }
        }

        return (null, UpstreamFailure.Unavailable);
    }

    private async ValueTask<(UpstreamAnswer? Answer, bool NotOffered)> AttemptAsync(
        Destination destination, UpstreamRequest request, ForwardedHeaders headers, Deadline deadline)
    {
        HttpResponseMessage? response = null;
        try
        {
            using var message = request.For(destination, headers);
            response = await SendAsync(destination, message, deadline);
            var verdict = await AnswerJudge.JudgeAsync(response, request.Shape, deadline.Token);
            if (verdict == Verdict.NotOffered)
            {
                metrics.Attempted(destination.Name, "not_offered");
                return (null, true);
            }

            if (verdict == Verdict.Answer)
            {
                destination.Answered();
                metrics.Attempted(destination.Name, "answered");
                var answer = new UpstreamAnswer(destination, response, deadline);
                response = null;
                return (answer, false);
            }

            Note(destination, "status", $"status {(int)response.StatusCode}");
        }
        catch (HttpRequestException e)
        {
            var beforeSending = e.HttpRequestError
                is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
            Note(destination, beforeSending ? "connect" : "broken", e.Message);
        }
        catch (IOException e)
        {
            Note(destination, "broken", e.Message);
        }
        catch (OperationCanceledException e) when (!deadline.Token.IsCancellationRequested)
        {
            // The handler's own timeout for connecting, or a probe that found the destination hanging.
            Note(destination, "connect", e.InnerException?.Message ?? "it does not answer");
        }
        finally
        {
            response?.Dispose();
        }

        return (null, false);
    }

    /// <summary>Waits for headers no longer than the destination is known to live; a body that has begun is not cut off.</summary>
    private async Task<HttpResponseMessage> SendAsync(Destination destination, HttpRequestMessage message, Deadline deadline)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, destination.Lost);
        return await invoker.SendAsync(message, waiting.Token);
    }

    private void Note(Destination destination, string outcome, string detail)
    {
        metrics.Attempted(destination.Name, outcome);
        if (!destination.IsDemoted)
            logger.DestinationFailed(destination.Name, outcome, detail);
        destination.Failed();
    }
}
