namespace AivenMetrics.Gateway.Forwarding;

/// <summary>The gateway aborts a response while it is copied.</summary>
/// <param name="reason">The reason in one word, for metrics. The set of reasons is bounded.</param>
/// <param name="message">The reason for the log.</param>
internal sealed class ResponseAbortedException(string reason, string message) : IOException(message)
{
    /// <summary>The reason in one word, for metrics.</summary>
    public string Reason => reason;

    public static ResponseAbortedException TooLong() => new("response_bytes", "it exceeds the maximum size of the tenant's plan");

    public static ResponseAbortedException Revoked() => new("revoked", "the credential of its request was revoked or has expired");

    public static ResponseAbortedException ClientTooSlow() =>
        new("read_too_slowly", "its client receives a remote read at less than 16 KiB per second");
}
