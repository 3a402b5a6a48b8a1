using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Net;
using System.Net.Sockets;
using AivenMetrics.Simulator.Faults;
using AivenMetrics.Simulator.World;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Simulator.Dns;

/// <summary>
/// Serves A records for the hosts of all services over UDP and TCP. A host resolves to all nodes or, for types with standbys, to the
/// primary; the name with <c>replica-</c> resolves to the standbys. All other names do not exist (NXDOMAIN).
/// </summary>
internal sealed class DnsServer(
    SimulatorOptions options,
    AivenWorld world,
    FaultRules<DnsFault> faults,
    TimeProvider time,
    ILogger<DnsServer> logger
) : BackgroundService
{
    private const uint SecondsToLive = 5;
    private const int UdpLimit = 512;
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(10);
    private Socket? _udp;
    private TcpListener? _tcp;

    /// <summary>The address and port that the server listens on; null before the start.</summary>
    public IPEndPoint? EndPoint { get; private set; }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Bind(IPEndPoint.Parse(options.DnsListen));
        logger.DnsServerStarted(EndPoint);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _udp?.Dispose();
        _tcp?.Dispose();
        base.Dispose();
    }

    /// <summary>Returns the response to one message; null for no response.</summary>
    internal byte[]? CreateResponse(ReadOnlySpan<byte> message, int limit)
    {
        if (DnsQuestion.Parse(message) is not { } question)
        {
            return null;
        }
        if (question.Opcode != 0)
        {
            return question.CreateResponse(
                question.Opcode < 0 ? DnsResponseCode.FormatError : DnsResponseCode.NotImplemented,
                [],
                0,
                limit
            );
        }
        if (faults.Take(fault => FileSystemName.MatchesSimpleExpression(fault.Host, question.Name)) is { } fault)
        {
            return fault.Kind == DnsFaultKind.Timeout ? null : question.CreateResponse((DnsResponseCode)fault.Kind, [], 0, limit);
        }
        if (world.Synchronized(now => world.Resolve(question.Name, now)) is not { } addresses)
        {
            return question.CreateResponse(DnsResponseCode.NameError, [], 0, limit);
        }
        return question.CreateResponse(DnsResponseCode.NoError, question.Type == DnsQuestion.A ? addresses : [], SecondsToLive, limit);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(ServeUdpAsync(stoppingToken), ServeTcpAsync(stoppingToken));

    private void Bind(IPEndPoint wanted)
    {
        // With port 0 the port that UDP received may be in use for TCP; try other ports.
        for (var tries = wanted.Port == 0 ? 20 : 1; ; tries--)
        {
            _udp = new(wanted.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                _udp.Bind(wanted);
                var bound = (IPEndPoint)_udp.LocalEndPoint!;
                _tcp = new(bound);
                _tcp.Start();
                EndPoint = bound;
                return;
            }
            catch (SocketException exception)
            {
                _udp.Dispose();
                _tcp?.Dispose();
                if (tries == 1)
                {
                    throw new IOException(
                        $"Simulator:DnsListen is {wanted}, which cannot be opened ({exception.Message}): set it to an address "
                            + "of this host and a free port.",
                        exception
                    );
                }
            }
        }
    }

    private async Task ServeUdpAsync(CancellationToken stopping)
    {
        var buffer = new byte[4096];
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await _udp!.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), stopping);
                if (CreateResponse(buffer.AsSpan(0, received.ReceivedBytes), UdpLimit) is { } response)
                {
                    await _udp.SendToAsync(response, SocketFlags.None, received.RemoteEndPoint, stopping);
                }
            }
            catch (SocketException exception)
            {
                logger.DnsClientDisconnected(exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ServeTcpAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                _ = ServeConnectionAsync(await _tcp!.AcceptTcpClientAsync(stopping), stopping);
            }
        }
        catch (OperationCanceledException)
        {
            logger.DnsServerStopped();
        }
    }

    private async Task ServeConnectionAsync(TcpClient client, CancellationToken stopping)
    {
        using var _ = client;
        using var idle = new CancellationTokenSource(IdleTimeout, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopping, idle.Token);
        try
        {
            var stream = client.GetStream();
            var length = new byte[2];
            while (true)
            {
                await stream.ReadExactlyAsync(length, end.Token);
                var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(message, end.Token);
                if (CreateResponse(message, ushort.MaxValue) is not { } response)
                {
                    continue;
                }
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)response.Length);
                await stream.WriteAsync((byte[])[.. length, .. response], end.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            logger.DnsConnectionClosed(exception.Message);
        }
    }
}
