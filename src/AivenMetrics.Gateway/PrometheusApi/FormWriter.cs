using System.Buffers;
using System.Text;

namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>Encodes <c>application/x-www-form-urlencoded</c>, which is also the encoding of a URL's query.</summary>
internal sealed class FormWriter
{
    private static readonly SearchValues<byte> Unreserved = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"u8
    );

    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    /// <summary>The encoded form.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.WrittenMemory;

    /// <summary>Adds a parameter. The name must be encoded already.</summary>
    public void Add(string encodedName, string value)
    {
        if (_buffer.WrittenCount > 0)
        {
            _buffer.Write("&"u8);
        }
        Encoding.ASCII.GetBytes(encodedName, _buffer);
        _buffer.Write("="u8);

        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(value.Length));
        var text = buffer.AsSpan(0, Encoding.UTF8.GetBytes(value, buffer));
        Escape(text);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Escape(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(Unreserved);
            if (plain < 0)
            {
                _buffer.Write(text);
                return;
            }

            _buffer.Write(text[..plain]);
            var b = text[plain];
            if (b == ' ')
            {
                _buffer.Write("+"u8);
            }
            else
            {
                var escaped = _buffer.GetSpan(3);
                escaped[0] = (byte)'%';
                escaped[1] = HexDigit(b >> 4);
                escaped[2] = HexDigit(b & 15);
                _buffer.Advance(3);
            }

            text = text[(plain + 1)..];
        }
    }

    private static byte HexDigit(int value) => (byte)(value < 10 ? '0' + value : 'A' + value - 10);
}
