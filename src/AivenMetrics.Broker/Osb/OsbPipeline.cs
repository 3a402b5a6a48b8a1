using System.Data.Common;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace AivenMetrics.Broker.Osb;

/// <summary>Handles a request that was authenticated and speaks a version that we speak.</summary>
internal delegate Task<OsbAnswer> OsbHandler(OsbRequest request);

/// <summary>
/// What every request to <c>/v2</c> goes through, unknown paths too:
/// 1. the request identity is echoed, 2. the platform is authenticated, 3. the API version is checked, 4. a body announced as
/// too large is refused, 5. the handler runs, 6. a refusal is kept in the audit trail, 7. it or a failure is written in the one shape.
/// </summary>
internal sealed class OsbPipeline(
    PlatformAuthentication authentication, RefusalTrail refusals, OsbMetrics metrics, ILogger<OsbPipeline> logger)
{
    /// <summary>Name of the header that is echoed.</summary>
    public const string IdentityHeader = "X-Broker-API-Request-Identity";
    private const string VersionHeader = "X-Broker-API-Version";

    public async Task Run(HttpContext context, string operation, OsbHandler handler)
    {
        if (context.Request.Headers.TryGetValue(IdentityHeader, out var identity) && IsEchoable(identity))
            context.Response.Headers[IdentityHeader] = identity;

        var answer = await Answer(context, operation, handler);
        metrics.Answered(operation, answer.Status);
        await answer.Write(context);
    }

    private async Task<OsbAnswer> Answer(HttpContext context, string operation, OsbHandler handler)
    {
        string? user = null;
        try
        {
            user = await authentication.User(context) ?? throw new OsbRefusal(OsbErrors.Unauthorized);
            OsbVersion.Check(context.Request.Headers[VersionHeader]);
            if (context.Request.ContentLength > OsbRequest.MaximumBody)
                throw new OsbRefusal(OsbErrors.TooLarge);
            return await handler(new OsbRequest(context, user));
        }
        catch (OsbRefusal refusal)
        {
            return await Refuse(context, user, operation, refusal.Error);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return await Refuse(context, user, operation, OsbErrors.TooLarge);
        }
        catch (BadHttpRequestException)
        {
            return await Refuse(context, user, operation, OsbErrors.Invalid("The request body could not be read."));
        }
        catch (Exception e) when (e is DbException or TimeoutException)
        {
            logger.DatabaseFailed(operation, e);
            return OsbAnswer.Error(OsbErrors.DatabaseDown);
        }
        catch (Exception e) when (e is not OperationCanceledException || !context.RequestAborted.IsCancellationRequested)
        {
            logger.Failed(operation, e);
            return OsbAnswer.Error(OsbErrors.Unexpected);
        }
    }

    private async Task<OsbAnswer> Refuse(HttpContext context, string? user, string operation, OsbError error)
    {
        logger.Refused(operation, error.Status, error.Code, error.Description);
        if (user is not null)
            await refusals.Append(context, user, operation, error);
        return OsbAnswer.Error(error);
    }

    // Kestrel refuses to send what is not ASCII; such a value comes back to nobody anyway.
    private static bool IsEchoable(StringValues identity) =>
        identity.All(value => !string.IsNullOrEmpty(value) && value.All(c => c is >= ' ' and <= '~'));
}

/// <summary>The version header: compared as numbers of any size, newer minors accepted.</summary>
internal static class OsbVersion
{
    // Older ones lack the originating identity and asynchronous bindings' polling.
    private const int OldestMinor = 13;

    public static void Check(StringValues header)
    {
        if (header.Count != 1 || string.IsNullOrWhiteSpace(header[0]))
            throw new OsbRefusal(OsbErrors.Version("is missing or given twice"));
        var parts = header[0]!.Trim().Split('.');
        if (parts.Length != 2 || !parts.All(part => part.Length > 0 && part.All(char.IsAsciiDigit)))
            throw new OsbRefusal(OsbErrors.Version("is not a version such as 2.17"));
        var minor = parts[1].TrimStart('0');
        // Three digits or more are newer than 13 without being read: no version is too long to be a number.
        var old = minor.Length == 0 || (minor.Length <= 2 && int.Parse(minor, CultureInfo.InvariantCulture) < OldestMinor);
        if (parts[0].TrimStart('0') != "2" || old)
            throw new OsbRefusal(OsbErrors.Version("names a version that this broker does not serve"));
    }
}
