using System.Buffers;
using System.Globalization;

namespace AivenMetrics.PromQL;

/// <summary>A text buffer that starts in the given memory and grows into pooled arrays. Dispose returns the pooled array.</summary>
internal ref struct PrintBuffer(Span<char> initial) : IDisposable
{
    private Span<char> _chars = initial;
    private char[]? _rented;
    private int _length;

    public override readonly string ToString() => _chars[.._length].ToString();

    public void Append(char c)
    {
        if (_length == _chars.Length)
        {
            Grow(1);
        }
        _chars[_length++] = c;
    }

    public void Append(ReadOnlySpan<char> text)
    {
        if (text.Length > _chars.Length - _length)
        {
            Grow(text.Length);
        }
        text.CopyTo(_chars[_length..]);
        _length += text.Length;
    }

    /// <summary>Appends the shortest text that parses to the same number, in a format that both Go and Prometheus accept.</summary>
    public void Append(double number)
    {
        if (double.IsNaN(number))
        {
            Append("NaN");
        }
        else if (double.IsInfinity(number))
        {
            Append(number > 0 ? "Inf" : "-Inf");
        }
        else
        {
            int written;
            while (!number.TryFormat(_chars[_length..], out written, default, CultureInfo.InvariantCulture))
            {
                Grow(32);
            }
            var exponent = _chars.Slice(_length, written).IndexOf('E');
            if (exponent >= 0)
            {
                _chars[_length + exponent] = 'e';
            }
            _length += written;
        }
    }

    public void Append(long number)
    {
        int written;
        while (!number.TryFormat(_chars[_length..], out written, default, CultureInfo.InvariantCulture))
        {
            Grow(20);
        }
        _length += written;
    }

    /// <summary>Appends a number in lower-case hexadecimal, padded with zeros.</summary>
    public void AppendHexadecimal(int number, int digits)
    {
        for (var shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        {
            Append("0123456789abcdef"[(number >> shift) & 15]);
        }
    }

    public void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<char>.Shared.Return(_rented);
        }
        _rented = null;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(_chars.Length * 2, _length + more));
        _chars[.._length].CopyTo(larger);
        Dispose();
        _chars = _rented = larger;
    }
}
