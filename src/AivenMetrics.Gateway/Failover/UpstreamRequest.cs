using System.Net.Http.Headers;
using System.Text;

namespace AivenMetrics.Gateway.Failover;

/// <summary>A request as any destination may get it, again if need be: its body is our own memory.</summary>
internal sealed class UpstreamRequest
{
    private static readonly MediaTypeHeaderValue FormType = new("application/x-www-form-urlencoded");

    private readonly HttpMethod method;
    private readonly string pathAndQuery;
    private readonly ReadOnlyMemory<byte> form;

    private UpstreamRequest(HttpMethod method, string pathAndQuery, ReadOnlyMemory<byte> form) =>
        (this.method, this.pathAndQuery, this.form) = (method, pathAndQuery, form);

    /// <summary>A POST with a form, which has no length limit worth the name.</summary>
    public static UpstreamRequest Post(string path, ReadOnlyMemory<byte> form) => new(HttpMethod.Post, path, form);

    /// <summary>A GET with the form as the URL's query.</summary>
    public static UpstreamRequest Get(string path, ReadOnlyMemory<byte> form) =>
        new(HttpMethod.Get, $"{path}?{Encoding.ASCII.GetString(form.Span)}", default);

    /// <summary>The message for one attempt at one destination, with the headers of <paramref name="headers"/> and no others.</summary>
    public HttpRequestMessage For(Destination destination, ForwardedHeaders headers)
    {
        var message = new HttpRequestMessage(method, destination.Resolve(pathAndQuery)) { Version = System.Net.HttpVersion.Version11 };
        if (method == HttpMethod.Post)
        {
            message.Content = new ReadOnlyMemoryContent(form);
            message.Content.Headers.ContentType = FormType;
        }

        if (destination.Authorization is not null)
            message.Headers.Authorization = destination.Authorization;
        headers.AddTo(message.Headers);
        return message;
    }
}
