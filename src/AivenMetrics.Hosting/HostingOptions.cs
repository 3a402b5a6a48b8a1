using System.Net;
using System.Net.Sockets;

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

    /// <summary>Those that are set, by the name of their option.</summary>
    public IEnumerable<(string Name, string Url)> Listeners
    {
        get
        {
            (string Name, string? Url)[] all =
            [
                (nameof(Listen), Listen),
                (nameof(Http2Listen), Http2Listen),
                (nameof(InternalListen), InternalListen),
            ];
            return all.Where(listener => !string.IsNullOrEmpty(listener.Url)).Select(listener => (listener.Name, listener.Url!));
        }
    }

    /// <summary>Parses a listen URL; null when it is not <c>http://address:port</c>.</summary>
    public static IPEndPoint? ParseEndPoint(string? url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttp || uri.PathAndQuery != "/")
        {
            return null;
        }

        return uri.Host is "localhost" ? new IPEndPoint(IPAddress.Loopback, uri.Port)
            : IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) ? new IPEndPoint(address, uri.Port)
            : null;
    }

    /// <summary>Two options with one address as sentences: the second would find the first there and take it for a stranger.</summary>
    public IEnumerable<string> ValidateConflicts(string section)
    {
        var listeners = Listeners
            .Select(listener => (listener.Name, listener.Url, EndPoint: ParseEndPoint(listener.Url)))
            .Where(listener => listener.EndPoint is not null)
            .ToArray();
        for (var second = 1; second < listeners.Length; second++)
        {
            for (var first = 0; first < second; first++)
            {
                var (one, other) = (listeners[first], listeners[second]);
                if (
                    one.EndPoint!.Port == other.EndPoint!.Port
                    && one.EndPoint.Port != 0
                    && (Covers(one.EndPoint.Address, other.EndPoint.Address) || Covers(other.EndPoint.Address, one.EndPoint.Address))
                )
                {
                    yield return $"{section}:{other.Name} is {other.Url}, which {section}:{one.Name} takes: give each a port of its own.";
                }
            }
        }
    }

    /// <summary>Faults of a listen option as sentences.</summary>
    public static IEnumerable<string> ValidateListen(string key, string? url)
    {
        if (ParseEndPoint(url) is null)
        {
            yield return $"{key} must be http://<IP address>:<port>, such as http://127.0.0.1:8080 (TLS is terminated in front, by Caddy).";
        }
    }

    /// <summary>Whether who listens on one address listens on the other too. All addresses of version 6 are those of version 4 as well.</summary>
    private static bool Covers(IPAddress one, IPAddress other) =>
        one.Equals(other)
        || one.Equals(IPAddress.IPv6Any)
        || (one.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork);
}
