namespace AivenMetrics.Feed;

/// <summary>Why a poll brought nothing; the metric label <c>reason</c>, in snake case.</summary>
internal enum FeedFailureReason
{
    /// <summary>No connection, or it broke, also in the middle of the body.</summary>
    Network,

    /// <summary>No whole answer within the time allowed.</summary>
    Timeout,

    /// <summary>401 or 403: the token is wrong.</summary>
    Unauthorized,

    /// <summary>429 or 503: the broker asks for patience.</summary>
    Unavailable,

    /// <summary>Any other status.</summary>
    Status,

    /// <summary>A body that does not say it is JSON.</summary>
    ContentType,

    /// <summary>A body beyond the limit.</summary>
    TooLarge,

    /// <summary>Not JSON, or a required member is missing.</summary>
    Malformed,

    /// <summary>JSON of the right shape with an impossible content.</summary>
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
