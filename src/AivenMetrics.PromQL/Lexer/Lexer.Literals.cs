using System.Buffers;
using System.Text;

namespace AivenMetrics.PromQL;

/// <summary>
/// Scans literals: numbers, durations and strings. <see cref="Literals"/> converts them to values and rejects values out of range.
/// </summary>
internal ref partial struct Lexer
{
    // Prometheus' lexer reads U+FFFD as a byte that is not UTF-8. It rejects every string with this character, even if the query contains
    // it literally.
    private static readonly SearchValues<char> DoubleQuoteStops = SearchValues.Create("\"\\\n\uFFFD");
    private static readonly SearchValues<char> SingleQuoteStops = SearchValues.Create("'\\\n\uFFFD");
    private static readonly SearchValues<char> BackquoteStops = SearchValues.Create("`\uFFFD");

    private Token LexNumberOrDuration(int from)
    {
        _position = from;
        if (ScanNumber())
        {
            return Emit(TokenKind.Number, from);
        }
        if (Peek() == '_' && ScanGroupedNumber(from))
        {
            return Emit(TokenKind.Number, from);
        }
        if (ScanRestOfDuration())
        {
            return Emit(TokenKind.Duration, from);
        }
        throw Error(from, $"bad number or duration syntax: {Printer.Quote(_text[from.._position])}");
    }

    /// <summary>
    /// Scans a number with underscores between its digits, as Prometheus 3 allows. <see cref="Literals"/> checks where the underscores are.
    /// </summary>
    private bool ScanGroupedNumber(int from)
    {
        var rest = _text[from..];
        var hexadecimal = rest.Length > 1 && rest[0] == '0' && rest[1] is 'x' or 'X';
        _position = from + (hexadecimal ? 2 : 0);
        while (IsNameCharacter(Peek()) || (!hexadecimal && Peek() == '.'))
        {
            var exponent = !hexadecimal && Peek() is 'e' or 'E';
            _position++;
            if (exponent && !Accept('+'))
            {
                Accept('-');
            }
        }
        return Literals.ParseNumber(_text[from.._position], out _) is not null;
    }

    /// <summary>
    /// Scans the characters of a number. Returns false if a letter or digit follows, because the token may then be a duration.
    /// </summary>
    private bool ScanNumber()
    {
        var hexadecimal = Accept('0') && (Accept('x') || Accept('X'));
        AcceptDigits(hexadecimal);
        if (Accept('.'))
        {
            AcceptDigits(hexadecimal);
        }
        if (Accept('e') || Accept('E'))
        {
            if (!Accept('+'))
            {
                Accept('-');
            }
            AcceptDigits(hexadecimal: false);
        }
        return !IsNameCharacter(Peek());
    }

    /// <summary>
    /// Scans units and further digits after the first digits of a duration. <see cref="Literals"/> checks the order of the units.
    /// </summary>
    private bool ScanRestOfDuration()
    {
        if (!AcceptUnit(first: true))
        {
            return false;
        }
        while (char.IsAsciiDigit(Peek()))
        {
            AcceptDigits(hexadecimal: false);
            if (!AcceptUnit(first: false))
            {
                return false;
            }
        }
        return !IsNameCharacter(Peek());
    }

    private bool AcceptUnit(bool first)
    {
        if (!(Peek() is 's' or 'm' or 'h' or 'd' or 'w' || (first && Peek() == 'y')))
        {
            return false;
        }
        _position++;
        Accept('s');
        return true;
    }

    private void AcceptDigits(bool hexadecimal)
    {
        while (hexadecimal ? char.IsAsciiHexDigit(Peek()) : char.IsAsciiDigit(Peek()))
        {
            _position++;
        }
    }

    private Token LexString(char quote, int from)
    {
        var stops =
            quote == '"' ? DoubleQuoteStops
            : quote == '\'' ? SingleQuoteStops
            : BackquoteStops;
        while (true)
        {
            var skip = _text[_position..].IndexOfAny(stops);
            if (skip < 0)
            {
                throw Error(from, UnterminatedStringError(quote));
            }
            _position += skip;
            var c = _text[_position];
            if (c == '\uFFFD')
            {
                throw Error(_position, "invalid UTF-8 rune");
            }
            if (c == '\n')
            {
                throw Error(from, UnterminatedStringError(quote));
            }
            if (c == quote)
            {
                break;
            }
            LexEscape(quote);
        }

        RejectLoneSurrogates(from);
        _position++;
        return Emit(TokenKind.String, from);
    }

    private static string UnterminatedStringError(char quote) => quote == '`' ? "unterminated raw string" : "unterminated quoted string";

    /// <summary>Scans the escape sequence that starts at the current backslash.</summary>
    private void LexEscape(char quote)
    {
        var from = _position++;
        var c = Peek();
        if (_position >= _text.Length)
        {
            throw Error(from, "escape sequence not terminated");
        }
        _position++;
        if (c == quote || c is 'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '\\')
        {
            return;
        }

        var (digits, largest) = c switch
        {
            >= '0' and <= '7' => (3, 255),
            'x' => (2, 255),
            'u' => (4, 0x10FFFF),
            'U' => (8, 0x10FFFF),
            _ => throw Error(from, $"unknown escape sequence {DescribeCharacter(_position - 1)}"),
        };
        var octal = c is >= '0' and <= '7';
        if (octal)
        {
            _position--;
        }
        uint value = 0;
        for (var i = 0; i < digits; i++)
        {
            if (_position >= _text.Length)
            {
                throw Error(from, "escape sequence not terminated");
            }
            var digit = char.IsAsciiHexDigit(_text[_position]) ? Convert.ToUInt32(_text[_position].ToString(), 16) : 16;
            if (digit >= (octal ? 8 : 16))
            {
                throw Error(_position, $"illegal character {DescribeCharacter(_position)} in escape sequence");
            }
            value = (value * (octal ? 8u : 16u)) + digit;
            _position++;
        }
        if (value > largest || value is >= 0xD800 and < 0xE000)
        {
            throw Error(from, "escape sequence is an invalid Unicode code point");
        }
    }

    /// <summary>Rejects unpaired surrogates: in UTF-16 they stand for the bytes that would be invalid in UTF-8.</summary>
    private readonly void RejectLoneSurrogates(int from)
    {
        var literal = _text[from.._position];
        var at = literal.IndexOfAnyInRange('\uD800', '\uDFFF');
        while (at >= 0 && at < literal.Length)
        {
            if (Rune.DecodeFromUtf16(literal[at..], out _, out var length) != OperationStatus.Done)
            {
                throw Error(from + at, "invalid UTF-8 rune");
            }
            at += length;
        }
    }
}
