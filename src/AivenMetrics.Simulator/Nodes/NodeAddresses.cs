using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using AivenMetrics.Simulator.Api;

namespace AivenMetrics.Simulator.Nodes;

/// <summary>
/// Allocates a loopback address for every node. A listening socket on the last address reserves the network, so that two simulators
/// on one machine never share one. Not thread-safe; callers hold the lock of the simulation.
/// </summary>
internal sealed partial class NodeAddresses : IDisposable
{
    /// <summary>Aiven's metrics port.</summary>
    public const int MetricsPort = 9273;

    private const int PerBlock = 250;
    private readonly byte _second;
    private readonly byte? _third;
    private readonly Socket _hold;
    private readonly HashSet<IPAddress> _taken = [];
    private int _next;

    private NodeAddresses(byte second, byte? third, Socket hold) => (_second, _third, _hold) = (second, third, hold);

    /// <summary>The network in CIDR form.</summary>
    public string Network => _third is null ? $"127.{_second}.0.0/16" : $"127.{_second}.{_third}.0/24";

    public static bool IsNetwork(string network) => network == "auto" || Parse(network) is not null;

    /// <summary>Reserves the network, or with <c>auto</c> the first free one.</summary>
    /// <exception cref="InvalidOperationException">The network, or with <c>auto</c> every network, is in use.</exception>
    public static NodeAddresses Claim(string network)
    {
        if (Parse(network) is { } wanted)
        {
            return TryClaim(wanted.Second, wanted.Third)
                ?? throw new InvalidOperationException(
                    $"Simulator:NodeNetwork {network} is in use by another program on port {MetricsPort}: choose another one, or 'auto'."
                );
        }

        for (byte second = 42; second < 100; second++)
        {
            for (var third = 0; third < 256; third++)
            {
                if (TryClaim(second, (byte)third) is { } claimed)
                {
                    return claimed;
                }
            }
        }

        throw new InvalidOperationException($"Simulator:NodeNetwork auto found no free loopback network for port {MetricsPort}.");
    }

    /// <summary>Allocates a free address. Released addresses are reused last.</summary>
    /// <exception cref="AivenApiException">503: the network is full.</exception>
    public IPAddress Allocate()
    {
        var size = _third is null ? PerBlock * 250 : PerBlock;
        for (var tries = 0; tries < size; tries++)
        {
            var index = _next++ % size;
            var address = new IPAddress([127, _second, _third ?? (byte)(index / PerBlock), (byte)((index % PerBlock) + 1)]);
            if (_taken.Add(address))
            {
                return address;
            }
        }

        throw AivenErrors.NoAddress(Network);
    }

    public void Release(IPAddress address) => _taken.Remove(address);

    public void Dispose() => _hold.Dispose();

    private static NodeAddresses? TryClaim(byte second, byte? third)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(new IPAddress([127, second, third ?? 255, 254]), MetricsPort));
            socket.Listen(1);
            return new(second, third, socket);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private static (byte Second, byte? Third)? Parse(string network)
    {
        if (NetworkForm().Match(network) is not { Success: true } match)
        {
            return null;
        }
        var second = Octet(match.Groups["second"]);
        var third = match.Groups["third"].Success ? Octet(match.Groups["third"]) : null;
        // Other programs of the machine listen in 127.0.0.0/16.
        if (second is null or 0 || (third is null && match.Groups["third"].Success))
        {
            return null;
        }
        return (second.Value, third);
    }

    private static byte? Octet(Group digits) =>
        byte.TryParse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var octet) ? octet : null;

    [GeneratedRegex(@"\A127\.(?:(?<second>\d{1,3})(?:\.0\.0/16)?|(?<second>\d{1,3})\.(?<third>\d{1,3})(?:\.0/24)?)\z")]
    private static partial Regex NetworkForm();
}
