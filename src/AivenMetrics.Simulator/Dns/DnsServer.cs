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
    SimulatorOptions options, AivenWorld world, FaultRules<DnsFault> faults, TimeProvider time, ILogger<DnsServer> logger)
    : BackgroundService
{
    private const uint SecondsToLive = 5;
    private const int UdpLimit = 512;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private Socket? udp;
    private TcpListener? tcp;

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
        udp?.Dispose();
        tcp?.Dispose();
        base.Dispose();
    }

    /// <summary>The answer to one message; null: silence.</summary>
    internal byte[]? Answer(ReadOnlySpan<byte> message, int limit)
    {
        if (DnsQuestion.Read(message) is not { } question)
            return null;
        if (question.Opcode != 0)
            return question.Answer(question.Opcode < 0 ? DnsCode.FormatError : DnsCode.NotImplemented, [], 0, limit);
        if (faults.Take(fault => FileSystemName.MatchesSimpleExpression(fault.Host, question.Name)) is { } fault)
            return fault.Kind == DnsFaultKind.Timeout ? null : question.Answer((DnsCode)fault.Kind, [], 0, limit);
        if (world.Within(now => world.Resolve(question.Name, now)) is not { } addresses)
            return question.Answer(DnsCode.NameError, [], 0, limit);
        return question.Answer(DnsCode.NoError, question.Type == DnsQuestion.A ? addresses : [], SecondsToLive, limit);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(ServeUdp(stoppingToken), ServeTcp(stoppingToken));

    private void Bind(IPEndPoint wanted)
    {
        // With port 0 the port that UDP got may be taken for TCP: try others.
        for (var tries = wanted.Port == 0 ? 20 : 1; ; tries--)
        {
            udp = new(wanted.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(wanted);
                var bound = (IPEndPoint)udp.LocalEndPoint!;
                tcp = new(bound);
                tcp.Start();
                EndPoint = bound;
                return;
            }
            catch (SocketException fault)
            {
                udp.Dispose();
                tcp?.Dispose();
                if (tries == 1)
                    throw new IOException($"Simulator:DnsListen is {wanted}, which cannot be opened ({fault.Message}): give it an address of this host and a free port.", fault);
            }
        }
    }

    private async Task ServeUdp(CancellationToken stopping)
    {
        var buffer = new byte[4096];
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await udp!.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), stopping);
                if (Answer(buffer.AsSpan(0, received.ReceivedBytes), UdpLimit) is { } answer)
                    await udp.SendToAsync(answer, SocketFlags.None, received.RemoteEndPoint, stopping);
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

    private async Task ServeTcp(CancellationToken stopping)
    {
        try
        {
            while (true)
                _ = ServeConnection(await tcp!.AcceptTcpClientAsync(stopping), stopping);
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("DNS stops");
        }
    }

    private async Task ServeConnection(TcpClient client, CancellationToken stopping)
    {
        using var _ = client;
        using var idle = new CancellationTokenSource(Idle, time);
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
                if (Answer(message, ushort.MaxValue) is not { } answer)
                    continue;
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
