using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// Free ports on loopback, for programs that have to know each other's address before they start. They lie below those that the
/// system gives to outgoing connections (32768 and up with Linux), so that none is taken between now and the program's start.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 15_000;
    private const int Highest = 32_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Taken = [];

    /// <summary>Ports that are free now and were not given before by this process.</summary>
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
