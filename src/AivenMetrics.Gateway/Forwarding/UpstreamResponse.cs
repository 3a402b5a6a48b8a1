using AivenMetrics.Gateway.Destinations;

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
