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

/// <summary>A parsed DNS query (RFC 1035 4.1.2).</summary>
/// <param name="Id">The client's message id.</param>
/// <param name="Opcode">0 is a standard query.</param>
/// <param name="RecursionDesired">The RD bit, which the response repeats.</param>
/// <param name="Name">The name without the final dot, in the client's spelling.</param>
/// <param name="Type">1 is A, 28 is AAAA.</param>
/// <param name="QuestionBytes">The bytes of the question section, which the response repeats.</param>
internal sealed record DnsQuestion(ushort Id, int Opcode, bool RecursionDesired, string Name, ushort Type, byte[] QuestionBytes)
{
    public const ushort A = 1;
    private const int HeaderLength = 12;

    /// <summary>Parses a query. Returns null if the message is not a query. Opcode -1 marks a malformed query.</summary>
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
            // The question is the first section, so a compression pointer has no target.
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

    /// <summary>Creates the response.</summary>
    /// <param name="code">The response code.</param>
    /// <param name="addresses">The addresses; each becomes an A record.</param>
    /// <param name="secondsToLive">Time to live of the records in seconds.</param>
    /// <param name="limit">
    /// Maximum length in bytes. A longer response has no records and sets TC, so that the client repeats the query over TCP.
    /// </param>
    public byte[] CreateResponse(DnsResponseCode code, IReadOnlyList<IPAddress> addresses, uint secondsToLive, int limit)
    {
        const int recordLength = 16;
        var truncated = HeaderLength + QuestionBytes.Length + (recordLength * addresses.Count) > limit;
        var count = truncated ? 0 : addresses.Count;
        var response = new byte[HeaderLength + QuestionBytes.Length + (recordLength * count)];
        BinaryPrimitives.WriteUInt16BigEndian(response, Id);
        // QR and AA, TC if truncated, RD as in the query, and RA, because stub resolvers reject responses without it.
        response[2] = (byte)(0x84 | (truncated ? 2 : 0) | (RecursionDesired ? 1 : 0) | (Math.Max(Opcode, 0) << 3));
        response[3] = (byte)(0x80 | (int)code);
        response[5] = (byte)(QuestionBytes.Length > 0 ? 1 : 0);
        response[7] = (byte)count;
        QuestionBytes.CopyTo(response, HeaderLength);
        for (var index = 0; index < count; index++)
        {
            var record = response.AsSpan(HeaderLength + QuestionBytes.Length + (recordLength * index));
            BinaryPrimitives.WriteUInt16BigEndian(record, 0xC000 | HeaderLength);
            BinaryPrimitives.WriteUInt16BigEndian(record[2..], A);
            BinaryPrimitives.WriteUInt16BigEndian(record[4..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(record[6..], secondsToLive);
            BinaryPrimitives.WriteUInt16BigEndian(record[10..], 4);
            addresses[index].TryWriteBytes(record[12..], out _);
        }

        return response;
    }
}
