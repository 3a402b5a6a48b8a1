using AivenMetrics.Gateway.Authentication;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>The client that receives a response while its credential remains valid.</summary>
/// <param name="context">The client's request.</param>
/// <param name="credential">The credential that authenticated the request.</param>
/// <param name="authenticator">The authenticator that decides whether the credential is still valid.</param>
/// <param name="minDataRate">The minimum data rate of the client; null if there is none.</param>
internal sealed class ClientResponse(
    HttpContext context,
    Credential credential,
    Authenticator authenticator,
    MinResponseDataRate? minDataRate = null
)
{
    /// <summary>The client's request.</summary>
    public HttpContext Context => context;

    /// <summary>The number of bytes of the body that were sent.</summary>
    public long BytesSent { get; private set; }

    /// <summary>Throws if the credential was revoked or has expired, so that a long response ends with its credential.</summary>
    /// <exception cref="ResponseAbortedException">The credential is no longer valid.</exception>
    public void ThrowIfRevoked()
    {
        if (!authenticator.IsValid(credential))
        {
            throw ResponseAbortedException.Revoked();
        }
    }

    /// <summary>Writes a part of the body.</summary>
    /// <exception cref="ResponseAbortedException">The client reads more slowly than the minimum data rate.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        if (minDataRate is null)
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
        else
        {
            await minDataRate.WriteAsync(context.Response.Body, bytes);
        }

        BytesSent += bytes.Length;
    }
}
