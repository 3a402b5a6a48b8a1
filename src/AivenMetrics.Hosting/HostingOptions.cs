using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;

namespace AivenMetrics.Hosting;

/// <summary>Options that every role has: where it listens.</summary>
internal sealed class HostingOptions : IValidatableObject
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
                    $"is {second.Url}, which {validationContext.DisplayName}:{first.Name} takes: give each a port of its own.",
                    [second.Name]
                );
            }
        }
    }

    private static ValidationResult InvalidEndPoint(string name) =>
        new("must be http://<IP address>:<port>, such as http://127.0.0.1:8080 (a proxy such as Caddy terminates TLS).", [name]);

    private static bool Overlaps(IPEndPoint first, IPEndPoint second) =>
        first.Port != 0 && first.Port == second.Port && (Covers(first.Address, second.Address) || Covers(second.Address, first.Address));

    /// <summary>Whether who listens on one address listens on the other too. All addresses of version 6 are those of version 4 as well.</summary>
    private static bool Covers(IPAddress one, IPAddress other) =>
        one.Equals(other)
        || one.Equals(IPAddress.IPv6Any)
        || (one.Equals(IPAddress.Any) && other.AddressFamily == AddressFamily.InterNetwork);
}
