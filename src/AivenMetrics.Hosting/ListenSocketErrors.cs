using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AivenMetrics.Hosting;

/// <summary>
/// Opens the sockets that a role listens on. One that cannot be opened is told with the option that asks for it and the remedy: the
/// server's own errors name an address at best, and not always that.
/// </summary>
internal static class ListenSocketErrors
{
    /// <summary>Opens sockets as before, with errors that are sentences for operators.</summary>
    /// <param name="sockets">The server's options.</param>
    /// <param name="section">The role's section, in which the options are.</param>
    /// <param name="hosting">What these say.</param>
    public static void DescribeFailures(SocketTransportOptions sockets, string section, HostingOptions hosting)
    {
        var open = sockets.CreateBoundListenSocket;
        sockets.CreateBoundListenSocket = endPoint =>
        {
            try
            {
                return open(endPoint);
            }
            catch (SocketException exception)
            {
                var (name, url) = hosting.Listeners.First(listener => endPoint.Equals(HostingOptions.ParseEndPoint(listener.Url)));
                throw new IOException(DescribeFailure($"{section}:{name}", url, exception), exception);
            }
        };
    }

    private static string DescribeFailure(string key, string url, SocketException exception) =>
        exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => $"{key} is {url}, where something listens already: stop that, or give {key} another port.",
            SocketError.AddressNotAvailable =>
                $"{key} is {url}, which is no address of this host: give {key} one of its addresses, or 0.0.0.0 for all of them.",
            SocketError.AccessDenied =>
                $"{key} is {url}, which this user may not open: give {key} a port from 1024 on, or grant the process CAP_NET_BIND_SERVICE.",
            _ => $"{key} is {url}, which cannot be opened ({exception.Message}): give {key} an address of this host and a free port.",
        };
}
