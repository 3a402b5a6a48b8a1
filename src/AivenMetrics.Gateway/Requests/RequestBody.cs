using System.Buffers;
using System.IO.Pipelines;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Requests;

/// <summary>Reads the body of a request within its size limit, its timeout and the tenant's quota.</summary>
internal static class RequestBody
{
    /// <summary>The maximum size of a body in bytes, 1 MiB.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>The factor by which the buffer grows.</summary>
    private const int GrowthFactor = 4;

    /// <summary>Whether a request has a body.</summary>
    public static bool IsPresent(HttpRequest request) =>
        request.ContentLength is > 0
        || request.Headers.ContainsKey(HeaderNames.TransferEncoding)
        || (request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true });

    /// <summary>Checks method, media type and length of a request with a body.</summary>
    /// <returns>The error; null if there is none.</returns>
    public static GatewayError? CheckHeaders(HttpRequest request, Route route)
    {
        if (HttpMethods.IsGet(request.Method))
        {
            return GatewayError.BodyOnGet;
        }

        var isRemoteRead = route.Kind == RouteKind.RemoteRead;
        if (isRemoteRead ? !IsRemoteRead(request) : !IsForm(request))
        {
            return isRemoteRead ? GatewayError.UnsupportedRemoteReadMediaType : GatewayError.UnsupportedMediaType;
        }

        return request.ContentLength > MaxBytes ? GatewayError.BodyTooLarge : null;
    }

    /// <summary>Reads a body and decodes it into the parameters.</summary>
    /// <param name="request">The HTTP request.</param>
    /// <param name="account">The account whose quota the body counts against.</param>
    /// <param name="time">The clock for the timeout.</param>
    /// <param name="parameters">The parameters to fill.</param>
    /// <returns>The error; null if there is none.</returns>
    public static async ValueTask<GatewayError?> ReadAsync(
        HttpRequest request,
        TenantAccount account,
        TimeProvider time,
        RequestParameters parameters
    )
    {
        var quota = account.RequestBodies;
        if (!quota.TryAcquire())
        {
            return LimitErrors.TooManyBodies(account.Limits);
        }

        var isLarge = false;
        // Cancelling the token of a read would leave Kestrel in the middle of it, unable to read the next request: cancel the pending read
        // instead.
        var reader = request.BodyReader;
        using var timeout = new CancellationTokenSource(RequestBodyQuota.ReadTimeout, time);
        using var ending = timeout.Token.UnsafeRegister(static r => ((PipeReader)r!).CancelPendingRead(), reader);
        var initialBytes = (int)Math.Min(request.ContentLength ?? RequestBodyQuota.SmallBodyBytes, RequestBodyQuota.SmallBodyBytes) + 1;
        var buffer = ArrayPool<byte>.Shared.Rent(initialBytes);
        try
        {
            var length = 0;
            var isComplete = false;
            while (!isComplete)
            {
                var read = await reader.ReadAsync();
                try
                {
                    if (read.IsCanceled)
                    {
                        return GatewayError.BodyTooSlow;
                    }

                    if (length + read.Buffer.Length > MaxBytes)
                    {
                        return GatewayError.BodyTooLarge;
                    }

                    while (length + read.Buffer.Length > buffer.Length)
                    {
                        // Memory follows the bytes received, not the announced length.
                        if (!isLarge && !(isLarge = quota.TryAcquireLarge()))
                        {
                            return LimitErrors.TooManyBodies(account.Limits);
                        }

                        buffer = Grow(buffer, length);
                    }

                    read.Buffer.CopyTo(buffer.AsSpan(length));
                    length += (int)read.Buffer.Length;
                    isComplete = read.IsCompleted;
                }
                finally
                {
                    reader.AdvanceTo(read.Buffer.End);
                }
            }

            return parameters.DecodeBody(buffer.AsSpan(0, length));
        }
        catch (ConnectionResetException)
        {
            // The rest of the body will not arrive. Without the abort Kestrel would try to read it and log an error.
            request.HttpContext.Abort();
            return GatewayError.MalformedBody;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            // Kestrel's own minimum data rate, 240 bytes per second.
            return GatewayError.BodyTooSlow;
        }
        catch (IOException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // Kestrel throws BadHttpRequestException for a malformed body and a plain IOException for an invalid chunk size.
            return GatewayError.MalformedBody;
        }
        finally
        {
            quota.Release(isLarge);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * GrowthFactor, MaxBytes + 1));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static bool IsRemoteRead(HttpRequest request) =>
        request.Headers.ContentEncoding is { Count: 1 } encoding
        && "snappy".Equals(encoding[0], StringComparison.OrdinalIgnoreCase)
        && request.Headers.ContentType.Count == 1
        && MediaTypeHeaderValue.TryParse(request.Headers.ContentType[0], out var type)
        && type.MediaType.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase);

    private static bool IsForm(HttpRequest request)
    {
        if (
            request.Headers.ContainsKey(HeaderNames.ContentEncoding)
            || request.Headers.ContentType.Count != 1
            || !MediaTypeHeaderValue.TryParse(request.Headers.ContentType[0], out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
        )
        {
            return false;
        }

        return !type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
    }
}
