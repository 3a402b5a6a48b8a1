using System.Data.Common;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>Handles a request that was authenticated and speaks a version that we speak.</summary>
internal delegate Task<OsbResponse> OsbHandler(OsbRequest request);

/// <summary>
/// What every request to <c>/v2</c> goes through, unknown paths too:
/// 1. the request identity is echoed, 2. the platform is authenticated, 3. the API version is checked, 4. a body announced as
/// too large is refused, 5. the handler runs, 6. a refusal is kept in the audit trail, 7. it or a failure is written in the one shape.
/// </summary>
internal sealed class OsbPipeline(
    PlatformAuthentication authentication,
    RefusedRequestAudit refusedRequests,
    OsbMetrics metrics,
    ILogger<OsbPipeline> logger
)
{
    /// <summary>Name of the header that is echoed.</summary>
    public const string RequestIdentityHeader = "X-Broker-API-Request-Identity";
    private const string ApiVersionHeader = "X-Broker-API-Version";

    public async Task HandleAsync(HttpContext context, string operation, OsbHandler handler)
    {
        if (context.Request.Headers.TryGetValue(RequestIdentityHeader, out var identity) && IsEchoable(identity))
        {
            context.Response.Headers[RequestIdentityHeader] = identity;
        }

        var answer = await ExecuteAsync(context, operation, handler);
        metrics.RecordResponse(operation, answer.Status);
        await answer.WriteAsync(context);
    }

    private async Task<OsbResponse> ExecuteAsync(HttpContext context, string operation, OsbHandler handler)
    {
        string? user = null;
        try
        {
            user = await authentication.AuthenticateAsync(context) ?? throw new OsbException(OsbErrors.Unauthorized);
            OsbVersion.Validate(context.Request.Headers[ApiVersionHeader]);
            if (context.Request.ContentLength > OsbRequest.MaximumBodySize)
            {
                throw new OsbException(OsbErrors.BodyTooLarge);
            }
            return await handler(new OsbRequest(context, user));
        }
        catch (OsbException refusal)
        {
            return await RefuseAsync(context, user, operation, refusal.Error);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return await RefuseAsync(context, user, operation, OsbErrors.BodyTooLarge);
        }
        catch (BadHttpRequestException)
        {
            return await RefuseAsync(context, user, operation, OsbErrors.BadRequest("The request body could not be read."));
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            logger.DatabaseFailed(operation, e);
            return OsbResponse.Error(OsbErrors.DatabaseUnavailable);
        }
        catch (Exception e) when (e is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            logger.OperationFailed(operation, e);
            return OsbResponse.Error(OsbErrors.InternalError);
        }
    }

    private async Task<OsbResponse> RefuseAsync(HttpContext context, string? user, string operation, OsbError error)
    {
        logger.RequestRefused(operation, error.Status, error.Code, error.Description);
        if (user is not null)
        {
            await refusedRequests.AppendAsync(context, user, operation, error);
        }
        return OsbResponse.Error(error);
    }

    // Kestrel refuses to send what is not ASCII; such a value comes back to nobody anyway.
    private static bool IsEchoable(StringValues identity) =>
        identity.All(value => !string.IsNullOrEmpty(value) && value.All(c => c is >= ' ' and <= '~'));
}

/// <summary>The version header: compared as numbers of any size, newer minors accepted.</summary>
internal static class OsbVersion
{
    // Older ones lack the originating identity and asynchronous bindings' polling.
    private const int MinimumMinorVersion = 13;

    public static void Validate(StringValues header)
    {
        if (header.Count != 1 || string.IsNullOrWhiteSpace(header[0]))
        {
            throw new OsbException(OsbErrors.UnsupportedVersion("is missing or given twice"));
        }
        var parts = header[0]!.Trim().Split('.');
        if (parts.Length != 2 || !parts.All(part => part.Length > 0 && part.All(char.IsAsciiDigit)))
        {
            throw new OsbException(OsbErrors.UnsupportedVersion("is not a version such as 2.17"));
        }
        var minor = parts[1].TrimStart('0');
        // Three digits or more are newer than 13 without being read: no version is too long to be a number.
        var old = minor.Length == 0 || (minor.Length <= 2 && int.Parse(minor, CultureInfo.InvariantCulture) < MinimumMinorVersion);
        if (parts[0].TrimStart('0') != "2" || old)
        {
            throw new OsbException(OsbErrors.UnsupportedVersion("names a version that this broker does not serve"));
        }
    }
}
