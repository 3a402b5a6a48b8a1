using System.Net;

namespace AivenMetrics.Hosting;

/// <summary>Options that every role has: where it listens.</summary>
internal sealed class HostingOptions
{
    /// <summary>Where the role serves its clients; plain HTTP, since Caddy or gorouter terminates TLS. Port 0: any free one.</summary>
    public string? Listen { get; set; }

    /// <summary>
    /// Where the role serves its clients by HTTP/2 in clear text, for a proxy that begins with it (prior knowledge); default: nowhere. It is an
    /// address of its own because without TLS nothing tells a server which of the two versions comes. Port 0: any free one.
    /// </summary>
    public string? Http2Listen { get; set; }

    /// <summary>Where <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c> are served; never give it to tenants. Port 0: any free one.</summary>
    public string? InternalListen { get; set; }

    /// <summary>Parses a listen URL; null when it is not <c>http://address:port</c>.</summary>
    public static IPEndPoint? EndPoint(string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
        {
            return null;
        }

        return uri.Host is "localhost" ? new IPEndPoint(IPAddress.Loopback, uri.Port)
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) ? new IPEndPoint(address, uri.Port)
            : null;
    }

    /// <summary>Faults of a listen option as sentences.</summary>
    public static IEnumerable<string> Faults(string key, string? url)
    {
        if (EndPoint(url) is null)
        {
            yield return $"{key} must be http://<IP address>:<port>, such as http://127.0.0.1:8080 (TLS is terminated in front, by Caddy).";
        }
    }
}
