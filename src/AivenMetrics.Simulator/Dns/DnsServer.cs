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
/// Answers A records for the hosts of all services over UDP and TCP: all nodes, or for types with standbys the primary, with the
/// standbys under <c>replica-</c>. Powered-off services and everything else do not exist.
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

    /// <summary>Where it listens, the port chosen by the system included; null before the start.</summary>
    public IPEndPoint? EndPoint { get; private set; }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Bind(IPEndPoint.Parse(options.DnsListen));
        logger.LogInformation("DNS at {EndPoint}", EndPoint);
        return base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _udp?.Dispose();
        _tcp?.Dispose();
        base.Dispose();
    }

    /// <summary>The answer to one message; null: silence.</summary>
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
        // With port 0 the port that UDP got may be taken for TCP: try others.
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
            catch (SocketException fault)
            {
                _udp.Dispose();
                _tcp?.Dispose();
                if (tries == 1)
                {
                    throw new IOException(
                        $"Simulator:DnsListen is {wanted}, which cannot be opened ({fault.Message}): give it an address of this host and a free port.",
                        fault
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
                if (CreateResponse(buffer.AsSpan(0, received.ReceivedBytes), UdpLimit) is { } answer)
                {
                    await _udp.SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, stopping);
                }
            }
            catch (SocketException fault)
            {
                logger.LogDebug("A DNS client went away: {Reason}", fault.Message);
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
            logger.LogDebug("DNS stops");
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
                if (CreateResponse(message, ushort.MaxValue) is not { } answer)
                {
                    continue;
                }
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                await stream.WriteAsync((byte[])[.. length, .. answer], end.Token);
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or SocketException)
        {
            logger.LogDebug("A DNS connection ended: {Reason}", fault.Message);
        }
    }
}
