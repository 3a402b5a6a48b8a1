using System.Net.Http.Headers;
using System.Text;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Routing;

namespace AivenMetrics.Gateway.Forwarding;

/// <summary>A request that can be sent to any destination, and sent again: its body is in memory.</summary>
internal sealed class UpstreamRequest
{
    private static readonly MediaTypeHeaderValue FormType = new("application/x-www-form-urlencoded");
    private static readonly MediaTypeHeaderValue ProtobufType = new("application/x-protobuf");

    private readonly HttpMethod _method;
    private readonly string _pathAndQuery;
    private readonly ReadOnlyMemory<byte> _body;

    private UpstreamRequest(HttpMethod method, string pathAndQuery, ReadOnlyMemory<byte> body, Route route) =>
        (_method, _pathAndQuery, _body, Shape, IsLight) = (method, pathAndQuery, body, route.Shape, route.IsLight);

    /// <summary>The time range that the request reads, if known: a destination with a gap in it is not the first choice.</summary>
    public QueryWindow? Window { get; private init; }

    /// <summary>Whether the request may be hedged (<see cref="Route.IsLight"/>).</summary>
    public bool IsLight { get; }

    /// <summary>The expected form of the response.</summary>
    public ResponseShape Shape { get; }

    /// <summary>
    /// The maximum size in bytes of a JSON response that the gateway buffers before it counts as a success. Default: null, the response is
    /// not buffered.
    /// </summary>
    public int? MaxBufferedBytes { get; private init; }

    /// <summary>Creates a POST with a form, whose length has no practical limit.</summary>
    public static UpstreamRequest Post(Route route, ReadOnlyMemory<byte> form, QueryWindow? window = null, int? maxBufferedBytes = null) =>
        new(HttpMethod.Post, route.Path, form, route) { Window = window, MaxBufferedBytes = maxBufferedBytes };

    /// <summary>Creates a GET with a form as the query of the URL.</summary>
    /// <param name="route">The route.</param>
    /// <param name="form">The encoded form.</param>
    /// <param name="maxBufferedBytes">The maximum size of a buffered response; null if the response is not buffered.</param>
    /// <param name="path">The path. Default: that of the route.</param>
    public static UpstreamRequest Get(Route route, ReadOnlyMemory<byte> form, int? maxBufferedBytes = null, string? path = null) =>
        new(HttpMethod.Get, $"{path ?? route.Path}?{Encoding.ASCII.GetString(form.Span)}", default, route)
        {
            MaxBufferedBytes = maxBufferedBytes,
        };

    /// <summary>Creates a remote read.</summary>
    /// <param name="snappy">The protobuf request, compressed as a snappy block.</param>
    /// <param name="window">The time range that the request reads, if known.</param>
    public static UpstreamRequest RemoteRead(ReadOnlyMemory<byte> snappy, QueryWindow? window) =>
        new(HttpMethod.Post, RouteTable.RemoteRead.Path, snappy, RouteTable.RemoteRead) { Window = window };

    /// <summary>Creates the message for one attempt at one destination, with the given headers and no others.</summary>
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
