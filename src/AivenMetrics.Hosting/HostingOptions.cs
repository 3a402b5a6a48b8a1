using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace AivenMetrics.Hosting;

/// <summary>Options of every role: the addresses that it listens on.</summary>
internal sealed class HostingOptions : IValidatableObject
{
    /// <summary>Address for clients. Plain HTTP, because Caddy or gorouter terminates TLS. Port 0 selects a free port.</summary>
    public string? Listen { get; set; }

    /// <summary>
    /// Address for clients that use HTTP/2 without TLS (prior knowledge, RFC 9113 3.3). Default: none. HTTP/2 needs its own address,
    /// because without TLS a server cannot negotiate the version. Port 0 selects a free port.
    /// </summary>
    public string? Http2Listen { get; set; }

    /// <summary>
    /// Address of <c>/healthz</c>, <c>/readyz</c> and <c>/metrics</c>; tenants must not reach it. Port 0 selects a free port.
    /// </summary>
    public string? InternalListen { get; set; }

    /// <summary>The addresses that are set, with the names of their options.</summary>
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

    /// <summary>Parses a listen URL. Returns null if it is not <c>http://address:port</c>.</summary>
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

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Listen is not null && ParseEndPoint(Listen) is null)
        {
            yield return InvalidEndPoint(nameof(Listen));
        }

        if (!string.IsNullOrEmpty(Http2Listen) && ParseEndPoint(Http2Listen) is null)
        {
            yield return InvalidEndPoint(nameof(Http2Listen));
        }

        if (ParseEndPoint(InternalListen) is null)
        {
            yield return InvalidEndPoint(nameof(InternalListen));
        }

        var listeners = Listeners
            .Select(listener => (listener.Name, listener.Url, EndPoint: ParseEndPoint(listener.Url)!))
            .Where(listener => listener.EndPoint is not null)
            .ToArray();
        foreach (var (index, second) in listeners.Index())
        {
            foreach (var first in listeners.Take(index).Where(first => Overlaps(first.EndPoint, second.EndPoint)))
            {
                yield return new ValidationResult(
                    $"is {second.Url}, which {validationContext.DisplayName}:{first.Name} uses: give each option its own port.",
                    [second.Name]
                );
            }
        }
    }

    private static ValidationResult InvalidEndPoint(string name) =>
        new("must be http://<IP address>:<port>, such as http://127.0.0.1:8080 (a proxy such as Caddy terminates TLS).", [name]);

    private static bool Overlaps(IPEndPoint first, IPEndPoint second) =>
        first.Port != 0 && first.Port == second.Port && (Covers(first.Address, second.Address) || Covers(second.Address, first.Address));

    /// <summary>
    /// Returns whether a listener on one address also receives connections to the other. The IPv6 wildcard includes all IPv4 addresses.
    /// </summary>
    private static bool Covers(IPAddress one, IPAddress other) =>
        one.Equals(other)
        || one.Equals(IPAddress.IPv6Any)
        || (one.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork);
}
