using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace AivenMetrics.Simulator.Dns;

/// <summary>Response codes of RFC 1035, section 4.1.1.</summary>
internal enum DnsResponseCode
{
    NoError = 0,
    FormatError = 1,
    ServerFailure = 2,
    NameError = 3,
    NotImplemented = 4,
    Refused = 5,
}

/// <summary>A question as it came over the wire.</summary>
/// <param name="Id">The client's message id.</param>
/// <param name="Opcode">0 is a standard query.</param>
/// <param name="RecursionDesired">Echoed.</param>
/// <param name="Name">The name without the final dot, as the client spelled it.</param>
/// <param name="Type">1 is A, 28 is AAAA.</param>
/// <param name="QuestionBytes">The bytes of the question section, echoed.</param>
internal sealed record DnsQuestion(ushort Id, int Opcode, bool RecursionDesired, string Name, ushort Type, byte[] QuestionBytes)
{
    public const ushort A = 1;
    private const int HeaderLength = 12;

    /// <summary>Reads a query. Null: not a query at all, to be dropped. Opcode -1: to be answered with a format error.</summary>
    public static DnsQuestion? Parse(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderLength || (message[2] & 0x80) != 0)
        {
            return null;
        }
        var id = BinaryPrimitives.ReadUInt16BigEndian(message);
        var recursion = (message[2] & 1) != 0;
        var malformed = new DnsQuestion(id, -1, recursion, "", 0, []);
        if (BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return malformed;
        }
        var name = new StringBuilder();
        var at = HeaderLength;
        while (at < message.Length && message[at] != 0)
        {
            var length = message[at];
            // A question comes first, so there is nothing that a compression pointer could point at.
            if (length > 63 || at + 1 + length >= message.Length || name.Length + length > 253)
            {
                return malformed;
            }
            name.Append(name.Length > 0 ? "." : "").Append(Encoding.Latin1.GetString(message.Slice(at + 1, length)));
            at += 1 + length;
        }

        if (at + 5 > message.Length)
        {
            return malformed;
        }
        var type = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 1)..]);
        return new(id, (message[2] >> 3) & 15, recursion, name.ToString(), type, message[HeaderLength..(at + 5)].ToArray());
    }

    /// <summary>Writes the answer.</summary>
    /// <param name="code">The response code.</param>
    /// <param name="addresses">One A record each.</param>
    /// <param name="secondsToLive">The records' time to live.</param>
    /// <param name="limit">If the answer is longer, the records are left out and TC is set: the client asks again over TCP.</param>
    public byte[] CreateResponse(DnsResponseCode code, IReadOnlyList<IPAddress> addresses, uint secondsToLive, int limit)
    {
        const int recordLength = 16;
        var truncated = HeaderLength + QuestionBytes.Length + (recordLength * addresses.Count) > limit;
        var count = truncated ? 0 : addresses.Count;
        var answer = new byte[HeaderLength + QuestionBytes.Length + (recordLength * count)];
        BinaryPrimitives.WriteUInt16BigEndian(answer, Id);
        // QR and AA, TC if truncated, RD as asked; RA, because stub resolvers distrust a server without it.
        answer[2] = (byte)(0x84 | (truncated ? 2 : 0) | (RecursionDesired ? 1 : 0) | (Math.Max(Opcode, 0) << 3));
        answer[3] = (byte)(0x80 | (int)code);
        answer[5] = (byte)(QuestionBytes.Length > 0 ? 1 : 0);
        answer[7] = (byte)count;
        QuestionBytes.CopyTo(answer, HeaderLength);
        for (var index = 0; index < count; index++)
        {
            var record = answer.AsSpan(HeaderLength + QuestionBytes.Length + (recordLength * index));
            BinaryPrimitives.WriteUInt16BigEndian(record, 0xC000 | HeaderLength);
            BinaryPrimitives.WriteUInt16BigEndian(record[2..], A);
            BinaryPrimitives.WriteUInt16BigEndian(record[4..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(record[6..], secondsToLive);
            BinaryPrimitives.WriteUInt16BigEndian(record[10..], 4);
            addresses[index].TryWriteBytes(record[12..], out _);
        }

        return answer;
    }
}
