using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Requests;

/// <summary>
/// The parameters of one request, from its URL and its form body, as far as its route knows them. A parameter that takes one value
/// and comes twice is a fault: Prometheus takes the body's value before the URL's, and a check of the other one would be void.
/// </summary>
internal sealed class RequestParameters(Route route)
{
    /// <summary>The largest body that is read, 1 MiB.</summary>
    public const int MaxBodyBytes = 1 << 20;

    private static readonly SearchValues<char> VisibleCharacters = SearchValues.Create([
        .. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c),
    ]);

    private readonly string?[] _plain = new string?[route.Parameters.Length];

    /// <summary>The PromQL expression, if the route takes one and the request gave it.</summary>
    public string? Expression { get; private set; }

    /// <summary>All values of <c>match[]</c>, the URL's first.</summary>
    public List<string> Selectors { get; } = [];

    /// <summary>The other parameters that the route forwards and the request gave.</summary>
    public IEnumerable<(string Name, string Value)> Forwarded =>
        route.Parameters.Zip(_plain).Where(p => p.Second is not null).Select(p => (p.First, p.Second!));

    /// <summary>One of <see cref="Route.Parameters"/>, or null if the request did not give it.</summary>
    public string? this[string name] => _plain[Array.IndexOf(route.Parameters, name)];

    /// <summary>Puts another value in place of one of <see cref="Route.Parameters"/>, or adds it.</summary>
    public void Set(string name, string value) => _plain[Array.IndexOf(route.Parameters, name)] = value;

    /// <summary>The body of a remote read: empty for all other routes.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Reads the parameters of the URL's query and of the body.</summary>
    /// <returns>Why they cannot be used, or null.</returns>
    /// <param name="request">The request.</param>
    /// <param name="query">The query of its URL.</param>
    /// <param name="account">The tenant that has room for its body.</param>
    /// <param name="time">Measures how long the body takes.</param>
    public async ValueTask<GatewayError?> ReadAsync(HttpRequest request, string query, TenantAccount account, TimeProvider time)
    {
        if (query.AsSpan().ContainsAnyExcept(VisibleCharacters))
        {
            return GatewayError.BadData("the URL holds a character that must be percent-encoded");
        }
        if (query.Length > 0 && FormDecoder.Decode(Encoding.ASCII.GetBytes(query), Add) is { } urlFault)
        {
            return GatewayError.BadData(urlFault);
        }

        var hasBody =
            request.ContentLength is > 0
            || request.Headers.ContainsKey(HeaderNames.TransferEncoding)
            || (
                request.ContentLength is null
                && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            );
        if (!hasBody)
        {
            return null;
        }
        if (HttpMethods.IsGet(request.Method))
        {
            return GatewayError.BodyOnGet;
        }
        if (route.Kind == RouteKind.RemoteRead ? !IsRemoteRead(request) : !IsForm(request))
        {
            return route.Kind == RouteKind.RemoteRead ? GatewayError.UnsupportedRemoteReadMediaType : GatewayError.UnsupportedMediaType;
        }
        return request.ContentLength > MaxBodyBytes ? GatewayError.BodyTooLarge : await ReadBodyAsync(request, account, time);
    }

    private async ValueTask<GatewayError?> ReadBodyAsync(HttpRequest request, TenantAccount account, TimeProvider time)
    {
        if (!account.RequestBodies.TryAcquire())
        {
            return LimitErrors.TooManyBodies(account.Limits);
        }
        var grew = false;
        // A read that ends by cancelling its token leaves the server in the midst of it: it could not read on to the next request.
        var reader = request.BodyReader;
        using var patience = new CancellationTokenSource(RequestBodyQuota.ReadTimeout, time);
        using var ending = patience.Token.UnsafeRegister(static r => ((PipeReader)r!).CancelPendingRead(), reader);
        var buffer = ArrayPool<byte>.Shared.Rent(
            (int)Math.Min(request.ContentLength ?? RequestBodyQuota.SmallBodyBytes, RequestBodyQuota.SmallBodyBytes) + 1
        );
        try
        {
            var length = 0;
            var isWhole = false;
            while (!isWhole)
            {
                var read = await reader.ReadAsync();
                try
                {
                    if (read.IsCanceled)
                    {
                        return GatewayError.BodyTooSlow;
                    }
                    if (length + read.Buffer.Length > MaxBodyBytes)
                    {
                        return GatewayError.BodyTooLarge;
                    }
                    while (length + read.Buffer.Length > buffer.Length)
                    {
                        // Memory follows what has come, not what was announced.
                        if (!grew && !(grew = account.RequestBodies.TryAcquireLarge()))
                        {
                            return LimitErrors.TooManyBodies(account.Limits);
                        }
                        buffer = Grow(buffer, length);
                    }

                    read.Buffer.CopyTo(buffer.AsSpan(length));
                    length += (int)read.Buffer.Length;
                    isWhole = read.IsCompleted;
                }
                finally
                {
                    reader.AdvanceTo(read.Buffer.End);
                }
            }

            if (route.Kind == RouteKind.RemoteRead)
            {
                Body = buffer.AsSpan(0, length).ToArray();
                // Up to 4 MiB of protobuf are decoded next: too much for the thread that serves other requests' sockets.
                await Task.Yield();
                return null;
            }

            return FormDecoder.Decode(buffer.AsSpan(0, length), Add) is { } fault ? GatewayError.BadData(fault) : null;
        }
        catch (ConnectionResetException)
        {
            // Who is gone sends no rest either, which the server would try to read and fail with an error in the log.
            request.HttpContext.Abort();
            return GatewayError.MalformedBody;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            // The server's own patience, which is with less than 240 bytes a second.
            return GatewayError.BodyTooSlow;
        }
        catch (IOException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // Kestrel's BadHttpRequestException is one; the size of a chunk that is no size is a plain one.
            return GatewayError.MalformedBody;
        }
        finally
        {
            account.RequestBodies.Release(grew);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 4, MaxBodyBytes + 1));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Takes one parameter, or says why not. What the route does not know is left out: it would mean something only upstream.</summary>
    private string? Add(string name, string value)
    {
        if (name == "match[]" && route.HasSelectors)
        {
            Selectors.Add(value);
        }
        else if (name == "query" && route.HasExpression)
        {
            if (Expression is not null)
            {
                return DuplicateError(name);
            }
            Expression = value;
        }
        else if (Array.IndexOf(route.Parameters, name) is >= 0 and var index)
        {
            if (_plain[index] is not null)
            {
                return DuplicateError(name);
            }
            _plain[index] = value;
        }

        return null;
    }

    private static string DuplicateError(string name) =>
        $"parameter \"{name}\" is given more than once, in the URL, in the body or in both: give it once";

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
