using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// Finds free ports on loopback, for programs that need each other's address before they start. The ports are below the range of
/// outgoing connections (from 32768 on Linux), so that no connection takes one before the program starts.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 15_000;
    private const int Highest = 32_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];

    /// <summary>Returns ports that are free and that this process has not returned before.</summary>
    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => TakeOne())];

    private static int TakeOne()
    {
        while (true)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, Highest);
            lock (Gate)
            {
                if (Taken.Add(port) && IsFree(port))
                {
                    return port;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
