using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AivenMetrics.Testing.Discovery;

/// <summary>A scripted DNS server on a loopback UDP port that answers A queries. Hosts without a script do not exist.</summary>
internal sealed class ScriptedDns : IAsyncDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Reply> _replies = new(StringComparer.OrdinalIgnoreCase);
    private readonly Task _serving;

    public ScriptedDns() => _serving = ServeAsync();

    public string Address => _socket.Client.LocalEndPoint!.ToString()!;

    public ConcurrentQueue<string> Queries { get; } = new();

    public void SetAddresses(string host, params string[] addresses) => _replies[host] = new(0, addresses);

    public void SetResponseCode(string host, int code) => _replies[host] = new(code, []);

    public void Remove(string host) => _replies.TryRemove(host, out _);

    public void SetNoResponse(string host) => _replies[host] = new(-1, []);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _socket.Dispose();
        _stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var question = await _socket.ReceiveAsync(_stop.Token);
                var host = Name(question.Buffer);
                Queries.Enqueue(host);
                var reply = _replies.GetValueOrDefault(host) ?? new(3, []);
                if (reply.Code >= 0)
                {
                    await _socket.SendAsync(CreateResponse(question.Buffer, reply), question.RemoteEndPoint, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test has ended.
        }
    }

    private static string Name(byte[] message)
    {
        var name = new StringBuilder();
        for (var at = 12; message[at] > 0; at += message[at] + 1)
        {
            if (name.Length > 0)
            {
                name.Append('.');
            }
            name.Append(Encoding.ASCII.GetString(message, at + 1, message[at]));
        }

        return name.ToString();
    }

    private static byte[] CreateResponse(byte[] question, Reply reply)
    {
        var end = 12;
        while (question[end] > 0)
        {
            end += question[end] + 1;
        }
        var message = question.AsSpan(0, end + 5).ToArray().ToList();
        var header = new byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)(0x8180 | reply.Code));
        header[3] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(4), (ushort)reply.Addresses.Length);
        for (var i = 0; i < header.Length; i++)
        {
            message[i + 2] = header[i];
        }
        foreach (var address in reply.Addresses)
        {
            message.AddRange([0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4]);
            message.AddRange(IPAddress.Parse(address).GetAddressBytes());
        }

        return [.. message];
    }

    /// <param name="Code">The response code; below zero for no response.</param>
    /// <param name="Addresses">The A records.</param>
    private sealed record Reply(int Code, string[] Addresses);
}
