using System.Data.Common;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>Handles an authenticated request of a supported API version.</summary>
internal delegate Task<OsbResponse> OsbHandler(OsbRequest request);

/// <summary>
/// Processes every request to <c>/v2</c>, including unknown paths: 1. echoes the request identity; 2. authenticates the platform; 3. checks
/// the API version; 4. rejects a body that is announced as too large; 5. runs the handler; 6. records a rejected change in the audit trail;
/// 7. writes the response or the error.
/// </summary>
internal sealed class OsbPipeline(
    PlatformAuthentication authentication,
    RejectedRequestAudit rejectedRequests,
    OsbMetrics metrics,
    ILogger<OsbPipeline> logger
)
{
    /// <summary>Name of the request identity header, which is echoed.</summary>
    public const string RequestIdentityHeader = "X-Broker-API-Request-Identity";
    private const string ApiVersionHeader = "X-Broker-API-Version";

    public async Task HandleAsync(HttpContext context, string operation, OsbHandler handler)
    {
        if (context.Request.Headers.TryGetValue(RequestIdentityHeader, out var identity) && IsEchoable(identity))
        {
            context.Response.Headers[RequestIdentityHeader] = identity;
        }

        var response = await ExecuteAsync(context, operation, handler);
        metrics.RecordResponse(operation, response.Status);
        await response.WriteAsync(context);
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
        catch (OsbException exception)
        {
            return await RefuseAsync(context, user, operation, exception.Error);
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
        logger.RequestRejected(operation, error.Status, error.Code, error.Description);
        if (user is not null)
        {
            await rejectedRequests.AppendAsync(context, user, operation, error);
        }
        return OsbResponse.Error(error);
    }

    // Kestrel does not send characters outside ASCII, so such values are not echoed.
    private static bool IsEchoable(StringValues identity) =>
        identity.All(value => !string.IsNullOrEmpty(value) && value.All(c => c is >= ' ' and <= '~'));
}

/// <summary>Validates the version header. Versions are compared as numbers; newer minor versions are accepted.</summary>
internal static class OsbVersion
{
    // Earlier versions have no originating identity and no polling of asynchronous bindings.
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
        // Numbers of three or more digits are newer than 13. They are not parsed, so their length is not limited.
        var old = minor.Length == 0 || (minor.Length <= 2 && int.Parse(minor, CultureInfo.InvariantCulture) < MinimumMinorVersion);
        if (parts[0].TrimStart('0') != "2" || old)
        {
            throw new OsbException(OsbErrors.UnsupportedVersion("names a version that this broker does not support"));
        }
    }
}
