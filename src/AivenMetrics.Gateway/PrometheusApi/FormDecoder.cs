using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace AivenMetrics.Gateway.PrometheusApi;

/// <summary>
/// Decodes <c>application/x-www-form-urlencoded</c> strictly: pairs are separated by <c>&amp;</c> only, every percent sign is followed by
/// two hexadecimal digits, and the text is valid UTF-8 without NUL. Lenient decoders differ, and a difference between the gateway and
/// Prometheus would be a way around the scope.
/// </summary>
internal static class FormDecoder
{
    /// <summary>Calls <paramref name="each"/> for every name and value, in order.</summary>
    /// <returns>The error of the form or the first error that <paramref name="each"/> returns; null if there is none.</returns>
    public static string? Decode(ReadOnlySpan<byte> form, Func<string, string, string?> each)
    {
        var scratch = ArrayPool<byte>.Shared.Rent(Math.Max(form.Length, 1));
        try
        {
            foreach (var range in form.Split((byte)'&'))
            {
                var pair = form[range];
                if (pair.IsEmpty)
                {
                    continue;
                }
                var equals = pair.IndexOf((byte)'=');
                if (
                    DecodeComponent(equals < 0 ? pair : pair[..equals], scratch) is not { } name
                    || DecodeComponent(equals < 0 ? [] : pair[(equals + 1)..], scratch) is not { } value
                )
                {
                    return "a parameter is not well encoded: "
                        + "percent signs must be followed by two hexadecimal digits, text must be UTF-8 without NUL";
                }
                if (each(name, value) is { } error)
                {
                    return error;
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }

    private static string? DecodeComponent(ReadOnlySpan<byte> encoded, byte[] scratch)
    {
        var decoded = encoded;
        if (encoded.ContainsAny((byte)'%', (byte)'+'))
        {
            var length = 0;
            for (var i = 0; i < encoded.Length; i++)
            {
                var b = encoded[i];
                if (b == '%')
                {
                    if (
                        i + 2 >= encoded.Length
                        || !char.IsAsciiHexDigit((char)encoded[i + 1])
                        || !char.IsAsciiHexDigit((char)encoded[i + 2])
                    )
                    {
                        return null;
                    }
                    b = (byte)(HexValue(encoded[i + 1]) << 4 | HexValue(encoded[i + 2]));
                    i += 2;
                }
                else if (b == '+')
                {
                    b = (byte)' ';
                }

                scratch[length++] = b;
            }

            decoded = scratch.AsSpan(0, length);
        }

        return decoded.Contains((byte)0) || !Utf8.IsValid(decoded) ? null : Encoding.UTF8.GetString(decoded);
    }

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
