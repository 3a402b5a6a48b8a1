using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Gateway.Destinations;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>What an answer to a request looks like, and with that, what at an address counts as no answer.</summary>
internal enum ResponseShape
{
    /// <summary>JSON of a path that every query engine has: who answers 404 there is no query engine.</summary>
    RequiredJson,

    /// <summary>JSON of a path that some engines lack: a 404 says so and means nothing worse.</summary>
    OptionalJson,

    /// <summary>A text format of metrics, of a path that some engines lack.</summary>
    Exposition,

    /// <summary>The protobuf of remote read, of a path that some engines lack.</summary>
    RemoteRead,
}

/// <summary>A request as any destination may get it, again if need be: its body is our own memory.</summary>
internal sealed class UpstreamRequest
{
    private static readonly MediaTypeHeaderValue FormType = new("application/x-www-form-urlencoded");
    private static readonly MediaTypeHeaderValue ProtobufType = new("application/x-protobuf");

    private readonly HttpMethod _method;
    private readonly string _pathAndQuery;
    private readonly ReadOnlyMemory<byte> _body;

    private UpstreamRequest(HttpMethod method, string pathAndQuery, ReadOnlyMemory<byte> body, ResponseShape shape) =>
        (this._method, this._pathAndQuery, this._body, Shape) = (method, pathAndQuery, body, shape);

    /// <summary>The time that is asked about, where it is known and matters: who lacks samples of it is not the one to ask.</summary>
    public QueryWindow? Window { get; init; }

    /// <summary>
    /// Usually answered within moments, and cheap enough to be asked of a second destination when the first one is slow: everything but
    /// ranges, remote reads and federation.
    /// </summary>
    public bool IsLight { get; private init; }

    /// <summary>What the answer looks like.</summary>
    public ResponseShape Shape { get; }

    /// <summary>
    /// The gateway makes something else of the answer, which is JSON: it is read to its end before it counts as one, up to so many bytes.
    /// Null where the client gets it as it comes.
    /// </summary>
    public int? MaxBufferedBytes { get; private init; }

    /// <summary>A POST with a form, which has no length limit worth the name.</summary>
    public static UpstreamRequest Post(
        string path,
        ReadOnlyMemory<byte> form,
        ResponseShape shape = ResponseShape.RequiredJson,
        QueryWindow? window = null,
        int? maxBufferedBytes = null
    ) =>
        new(HttpMethod.Post, path, form, shape)
        {
            Window = window,
            IsLight = path is not ("/api/v1/query_range" or "/api/v1/query_exemplars"),
            MaxBufferedBytes = maxBufferedBytes,
        };

    /// <summary>A GET with the form as the URL's query.</summary>
    public static UpstreamRequest Get(
        string path,
        ReadOnlyMemory<byte> form,
        ResponseShape shape = ResponseShape.RequiredJson,
        int? maxBufferedBytes = null
    ) =>
        new(HttpMethod.Get, $"{path}?{Encoding.ASCII.GetString(form.Span)}", default, shape)
        {
            IsLight = shape != ResponseShape.Exposition,
            MaxBufferedBytes = maxBufferedBytes,
        };

    /// <summary>A remote read, its protobuf compressed already.</summary>
    public static UpstreamRequest RemoteRead(ReadOnlyMemory<byte> snappy, QueryWindow? window) =>
        new(HttpMethod.Post, "/api/v1/read", snappy, ResponseShape.RemoteRead) { Window = window };

    /// <summary>The message for one attempt at one destination, with the headers of <paramref name="headers"/> and no others.</summary>
    public HttpRequestMessage CreateMessage(Destination destination, ForwardedHeaders headers)
    {
        var message = new HttpRequestMessage(_method, destination.Resolve(_pathAndQuery)) { Version = System.Net.HttpVersion.Version11 };
        if (_method == HttpMethod.Post)
        {
            message.Content = new ReadOnlyMemoryContent(_body);
            message.Content.Headers.ContentType = Shape == ResponseShape.RemoteRead ? ProtobufType : FormType;
        }

        if (Shape == ResponseShape.RemoteRead)
        {
            message.Content!.Headers.ContentEncoding.Add("snappy");
            message.Headers.TryAddWithoutValidation("X-Prometheus-Remote-Read-Version", "0.1.0");
        }

        if (destination.Authorization is not null)
        {
            message.Headers.Authorization = destination.Authorization;
        }
        headers.AddTo(message.Headers);
        return message;
    }
}
