namespace AivenMetrics.Feed;

/// <summary>The reason for a failed poll, reported in snake case as the metric label <c>reason</c>.</summary>
internal enum FeedFailureReason
{
    /// <summary>The connection failed or was closed before the end of the body.</summary>
    Network,

    /// <summary>The response was not complete within the timeout.</summary>
    Timeout,

    /// <summary>401 or 403: the token is invalid.</summary>
    Unauthorized,

    /// <summary>429 or 503: the broker is temporarily unavailable.</summary>
    Unavailable,

    /// <summary>Any other status code.</summary>
    Status,

    /// <summary>The content type is not JSON.</summary>
    ContentType,

    /// <summary>The body exceeds the size limit.</summary>
    TooLarge,

    /// <summary>The body is not JSON, or a required member is missing.</summary>
    Malformed,

    /// <summary>The JSON has the right shape but invalid content.</summary>
    Invalid,

    /// <summary>The last good file cannot be read or written.</summary>
    Disk,
}

internal sealed class FeedFailureException(FeedFailureReason reason, string message, TimeSpan? retryAfter = null, Exception? inner = null)
    : Exception(message, inner)
{
    public FeedFailureReason Reason { get; } = reason;

    public TimeSpan? RetryAfter { get; } = retryAfter;

    public string ReasonLabel =>
        Reason switch
        {
            FeedFailureReason.ContentType => "content_type",
            FeedFailureReason.TooLarge => "too_large",
            _ => Reason.ToString().ToLowerInvariant(),
        };
}
