using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace AivenMetrics.Gateway.Scoping;

/// <summary>
/// The parameters of one request, from its URL and its form body, as far as its route knows them. A parameter that takes one value
/// and comes twice is a fault: Prometheus takes the body's value before the URL's, and a check of the other one would be void.
/// </summary>
internal sealed class RequestParameters(Route route)
{
    /// <summary>The largest body that is read, 1 MiB.</summary>
    public const int BodyLengthMax = 1 << 20;

    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c)]);

    private readonly string?[] plain = new string?[route.Plain.Length];

    /// <summary>The PromQL expression, if the route takes one and the request gave it.</summary>
    public string? Expression { get; private set; }

    /// <summary>All values of <c>match[]</c>, the URL's first.</summary>
    public List<string> Selectors { get; } = [];

    /// <summary>The other parameters that the route forwards and the request gave.</summary>
    public IEnumerable<(string Name, string Value)> Plain =>
        route.Plain.Zip(plain).Where(p => p.Second is not null).Select(p => (p.First, p.Second!));

    /// <summary>One of <see cref="Route.Plain"/>, or null if the request did not give it.</summary>
    public string? this[string name] => plain[Array.IndexOf(route.Plain, name)];

    /// <summary>Puts another value in place of one of <see cref="Route.Plain"/>, or adds it.</summary>
    public void Replace(string name, string value) => plain[Array.IndexOf(route.Plain, name)] = value;

    /// <summary>The body of a remote read: empty for all other routes.</summary>
    public ReadOnlyMemory<byte> Body { get; private set; }

    /// <summary>Reads the parameters of the URL's query and of the body.</summary>
    /// <returns>Why they cannot be used, or null.</returns>
    /// <param name="request">The request.</param>
    /// <param name="query">The query of its URL.</param>
    /// <param name="account">The tenant that has room for its body.</param>
    /// <param name="time">Measures how long the body takes.</param>
    public async ValueTask<Refusal?> ReadAsync(HttpRequest request, string query, TenantAccount account, TimeProvider time)
    {
        if (query.AsSpan().ContainsAnyExcept(Visible))
            return Refusal.BadData("the URL holds a character that must be percent-encoded");
        if (query.Length > 0 && FormDecoder.Read(Encoding.ASCII.GetBytes(query), Take) is { } urlFault)
            return Refusal.BadData(urlFault);

        var hasBody = request.ContentLength is > 0 || request.Headers.ContainsKey(HeaderNames.TransferEncoding)
            || (request.ContentLength is null && request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true });
        if (!hasBody)
            return null;
        if (HttpMethods.IsGet(request.Method))
            return Refusal.BodyOnGet;
        if (route.Treatment == Treatment.RemoteRead ? !IsRemoteRead(request) : !IsForm(request))
            return route.Treatment == Treatment.RemoteRead ? Refusal.ReadMediaType : Refusal.MediaType;
        return request.ContentLength > BodyLengthMax ? Refusal.BodyTooLarge : await ReadBodyAsync(request, account, time);
    }

    private async ValueTask<Refusal?> ReadBodyAsync(HttpRequest request, TenantAccount account, TimeProvider time)
    {
        if (!account.Bodies.TryEnter())
            return LimitRefusals.Bodies(account.Limits);
        var grew = false;
        // A read that ends by cancelling its token leaves the server in the midst of it: it could not read on to the next request.
        var reader = request.BodyReader;
        using var patience = new CancellationTokenSource(BodyRoom.Patience, time);
        using var ending = patience.Token.UnsafeRegister(static r => ((PipeReader)r!).CancelPendingRead(), reader);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength ?? BodyRoom.SmallLength, BodyRoom.SmallLength) + 1);
        try
        {
            var length = 0;
            for (var isWhole = false; !isWhole;)
            {
                var read = await reader.ReadAsync();
                try
                {
                    if (read.IsCanceled)
                        return Refusal.BodyTooSlow;
                    if (length + read.Buffer.Length > BodyLengthMax)
                        return Refusal.BodyTooLarge;
                    while (length + read.Buffer.Length > buffer.Length)
                    {
                        // Memory follows what has come, not what was announced.
                        if (!grew && !(grew = account.Bodies.TryGrow()))
                            return LimitRefusals.Bodies(account.Limits);
                        buffer = Grown(buffer, length);
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

            if (route.Treatment == Treatment.RemoteRead)
            {
                Body = buffer.AsSpan(0, length).ToArray();
                // Up to 4 MiB of protobuf are decoded next: too much for the thread that serves other requests' sockets.
                await Task.Yield();
                return null;
            }

            return FormDecoder.Read(buffer.AsSpan(0, length), Take) is { } fault ? Refusal.BadData(fault) : null;
        }
        catch (ConnectionResetException)
        {
            // Who is gone sends no rest either, which the server would try to read and fail with an error in the log.
            request.HttpContext.Abort();
            return Refusal.BrokenBody;
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status408RequestTimeout)
        {
            // The server's own patience, which is with less than 240 bytes a second.
            return Refusal.BodyTooSlow;
        }
        catch (IOException) when (!request.HttpContext.RequestAborted.IsCancellationRequested)
        {
            // Kestrel's BadHttpRequestException is one; the size of a chunk that is no size is a plain one.
            return Refusal.BrokenBody;
        }
        finally
        {
            account.Bodies.Leave(grew);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static byte[] Grown(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length * 4, BodyLengthMax + 1));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    /// <summary>Takes one parameter, or says why not. What the route does not know is left out: it would mean something only upstream.</summary>
    private string? Take(string name, string value)
    {
        if (name == "match[]" && route.TakesSelectors)
        {
            Selectors.Add(value);
        }
        else if (name == "query" && route.TakesExpression)
        {
            if (Expression is not null)
                return Twice(name);
            Expression = value;
        }
        else if (Array.IndexOf(route.Plain, name) is >= 0 and var index)
        {
            if (plain[index] is not null)
                return Twice(name);
            plain[index] = value;
        }

        return null;
    }

    private static string Twice(string name) =>
        $"parameter \"{name}\" is given more than once, in the URL, in the body or in both: give it once";

    private static bool IsRemoteRead(HttpRequest request) =>
        request.Headers.ContentEncoding is { Count: 1 } encoding && "snappy".Equals(encoding[0], StringComparison.OrdinalIgnoreCase)
        && request.Headers.ContentType.Count == 1
        && MediaTypeHeaderValue.TryParse(request.Headers.ContentType[0], out var type)
        && type.MediaType.Equals("application/x-protobuf", StringComparison.OrdinalIgnoreCase);

    private static bool IsForm(HttpRequest request)
    {
        if (request.Headers.ContainsKey(HeaderNames.ContentEncoding)
            || request.Headers.ContentType.Count != 1
            || !MediaTypeHeaderValue.TryParse(request.Headers.ContentType[0], out var type)
            || !type.MediaType.Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return false;
        return !type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase);
    }
}
