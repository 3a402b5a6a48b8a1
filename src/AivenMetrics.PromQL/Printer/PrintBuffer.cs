using System.Buffers;
using System.Globalization;

namespace AivenMetrics.PromQL;

/// <summary>Text being written: first to the memory it is given, then to pooled arrays. Dispose gives those back.</summary>
internal ref struct PrintBuffer(Span<char> initial) : IDisposable
{
    private Span<char> chars = initial;
    private char[]? rented;
    private int length;

    public override readonly string ToString() => chars[..length].ToString();

    public void Append(char c)
    {
        if (length == chars.Length) Grow(1);
        chars[length++] = c;
    }

    public void Append(ReadOnlySpan<char> text)
    {
        if (text.Length > chars.Length - length) Grow(text.Length);
        text.CopyTo(chars[length..]);
        length += text.Length;
    }

    /// <summary>The shortest text that reads back as the same number, in digits that Go's and Prometheus' parsers share.</summary>
    public void Append(double number)
    {
        if (double.IsNaN(number)) Append("NaN");
        else if (double.IsInfinity(number)) Append(number > 0 ? "Inf" : "-Inf");
        else
        {
            int written;
            while (!number.TryFormat(chars[length..], out written, default, CultureInfo.InvariantCulture)) Grow(32);
            var exponent = chars.Slice(length, written).IndexOf('E');
            if (exponent >= 0) chars[length + exponent] = 'e';
            length += written;
        }
    }

    public void Append(long number)
    {
        int written;
        while (!number.TryFormat(chars[length..], out written, default, CultureInfo.InvariantCulture)) Grow(20);
        length += written;
    }

    /// <summary>Hexadecimal, lower case, padded with zeros.</summary>
    public void AppendHexadecimal(int number, int digits)
    {
        for (var shift = (digits - 1) * 4; shift >= 0; shift -= 4) Append("0123456789abcdef"[(number >> shift) & 15]);
    }

    public void Dispose()
    {
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        rented = null;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(chars.Length * 2, length + more));
        chars[..length].CopyTo(larger);
        Dispose();
        chars = rented = larger;
    }
}
