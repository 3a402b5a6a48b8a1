using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace AivenMetrics.Hosting;

/// <summary>
/// Opens the sockets that a role listens on. If a socket cannot be opened, the error names the option and the remedy. Kestrel's own
/// error names only the address, or nothing.
/// </summary>
internal static class ListenSocketErrors
{
    /// <summary>Replaces errors of the default socket factory by errors that name the configuration key.</summary>
    /// <param name="sockets">The options of the socket transport.</param>
    /// <param name="section">The configuration section of the role.</param>
    /// <param name="hosting">The listen options.</param>
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
            SocketError.AddressAlreadyInUse =>
                $"{key} is {url}, which another process listens on: stop that process, or set {key} to another port.",
            SocketError.AddressNotAvailable =>
                $"{key} is {url}, which is not an address of this host: set {key} to an address of this host, or to 0.0.0.0 for "
                    + "all addresses.",
            SocketError.AccessDenied =>
                $"{key} is {url}, which this user may not open: set {key} to a port from 1024, or grant the process CAP_NET_BIND_SERVICE.",
            _ => $"{key} is {url}, which cannot be opened ({exception.Message}): set {key} to an address of this host and a free port.",
        };
}
