using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Limits;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>The gateway itself ends an answer on its way.</summary>
/// <param name="reason">Why, in one word for the metrics: a bounded set.</param>
/// <param name="message">The same for the log.</param>
internal sealed class ResponseAbortedException(string reason, string message) : IOException(message)
{
    public string Reason => reason;

    public static ResponseAbortedException TooLong() => new(LimitNames.ResponseBytes, "it is longer than the plan of the tenant allows");

    public static ResponseAbortedException Revoked() => new("revoked", "the credential that asked for it was revoked or has expired");

    public static ResponseAbortedException ClientTooSlow() =>
        new("read_too_slowly", "its client reads a remote read slower than 16 KiB a second");
}

/// <summary>Who an answer goes to, as long as its credential lives.</summary>
/// <param name="Context">The client's request.</param>
/// <param name="Credential">What it proved to hold when it asked.</param>
/// <param name="Authenticator">Knows whether that is still so.</param>
/// <param name="MinDataRate">How fast the client must read; null: as it likes.</param>
internal readonly record struct ClientResponse(
    HttpContext Context,
    Credential Credential,
    Authenticator Authenticator,
    MinResponseDataRate? MinDataRate
)
{
    /// <summary>Asked before each piece of an answer: a long one is no way to read on after a credential's end.</summary>
    /// <exception cref="ResponseAbortedException">It has ended.</exception>
    public void ThrowIfRevoked()
    {
        if (!Authenticator.IsValid(Credential))
        {
            throw ResponseAbortedException.Revoked();
        }
    }

    /// <summary>Writes a piece of the answer.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> piece)
    {
        ThrowIfRevoked();
        return MinDataRate is null
            ? Context.Response.Body.WriteAsync(piece, Context.RequestAborted)
            : MinDataRate.WriteAsync(Context.Response.Body, piece);
    }
}
