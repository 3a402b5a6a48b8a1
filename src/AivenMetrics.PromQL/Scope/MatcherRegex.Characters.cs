using System.Buffers;
using System.Globalization;

namespace AivenMetrics.PromQL;

/// <summary>Parses escapes and character classes. A class never matches the empty string; of the escapes only assertions do.</summary>
internal ref partial struct MatcherRegex
{
    private static readonly SearchValues<char> WordCharacters = SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    );

    // An expression without these characters is a literal.
    private static readonly SearchValues<char> SpecialCharacters = SearchValues.Create("\\.+*?()|[]{}^$");

    // The costs of classes, in the same units as above. A class is built once and shared by all its copies. With (?i), a server looks up
    // the other cases of every character of a range between Go's minFold and maxFold. Prometheus 3 also does this for every Unicode table
    // and for negated classes.
    private const int ClassSize = 10;
    private const int UnicodeClassSize = 500;
    private const int UnicodeFolding = 2000;
    private const int NegatedFolding = 800;
    private const int CharactersPerFoldingUnit = 10;
    private const int FirstFolded = 'A';
    private const int LastFolded = 0x1E943;

    private static readonly string[] PosixClasses =
    [
        "alnum",
        "alpha",
        "ascii",
        "blank",
        "cntrl",
        "digit",
        "graph",
        "lower",
        "print",
        "punct",
        "space",
        "upper",
        "word",
        "xdigit",
    ];

    private void ParseEscape(int from)
    {
        switch (Peek())
        {
            case 'A' or 'z' or 'B':
                _position++;
                AddItem(true);
                return;
            case 'b':
                _position++;
                AddItem(false);
                return;
            case 'Q':
                ParseQuotedLiteral();
                return;
            case 'd' or 'D' or 's' or 'S' or 'w' or 'W':
                CountPerlClass(Peek());
                _position++;
                AddItem(false);
                return;
            case 'p' or 'P':
                ParseUnicodeClass(from);
                AddItem(false);
                return;
            default:
                ParseCharacterEscape(from);
                AddItem(false);
                return;
        }
    }

    /// <summary>
    /// Parses <c>\Q…\E</c>. Prometheus 2 appends <c>)$</c> to the expression; without <c>\E</c> these characters become literal text and it
    /// rejects the expression. Prometheus 3 accepts it.
    /// </summary>
    private void ParseQuotedLiteral()
    {
        var literal = _text[(_position + 1)..];
        var end = literal.IndexOf("\\E");
        _position += 1 + (end < 0 ? literal.Length : end + 2);
        foreach (var _ in (end < 0 ? literal : literal[..end]).EnumerateRunes())
        {
            AddItem(false);
        }
    }

    private void ParseUnicodeClass(int from)
    {
        _madeOnce += UnicodeClassSize;
        _folding += UnicodeFolding;
        _position++;
        if (Peek() == '{')
        {
            var end = _text[_position..].IndexOf('}');
            if (end < 0)
            {
                _fault = $"invalid character class range: {Printer.Quote(_text[from..])}";
            }
            else
            {
                _position += end + 1;
            }
        }
        else if (_position >= _text.Length)
        {
            _fault = $"invalid escape sequence: {Printer.Quote(_text[from..])}";
        }
        else
        {
            _position++;
        }
    }

    /// <summary>Parses an escape for one character after its backslash, and returns the character.</summary>
    private int ParseCharacterEscape(int from)
    {
        if (_position >= _text.Length)
        {
            _fault = "trailing backslash at end of expression";
            return 0;
        }
        var c = _text[_position++];
        switch (c)
        {
            case >= '1' and <= '7' when Peek() is < '0' or > '7':
                break;
            case >= '0' and <= '7':
                var value = c - '0';
                for (var more = 0; more < 2 && Peek() is >= '0' and <= '7'; more++)
                {
                    value = (value * 8) + _text[_position++] - '0';
                }
                return value;
            case 'x':
                if (ParseHexadecimal() is { } code)
                {
                    return code;
                }
                break;
            case 'a':
                return '\a';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'v':
                return '\v';
            default:
                if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c))
                {
                    return c;
                }
                break;
        }
        _fault ??= $"invalid escape sequence: {Printer.Quote(_text[from.._position])}";
        return 0;
    }

    private int? ParseHexadecimal()
    {
        var braced = Peek() == '{';
        if (braced)
        {
            _position++;
        }
        var digits = _text[_position..];
        var length = braced ? digits.IndexOf('}') : Math.Min(2, digits.Length);
        if (length <= 0 || (!braced && length < 2))
        {
            return null;
        }
        _position += length + (braced ? 1 : 0);
        var read = int.TryParse(digits[..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code);
        return read && code is >= 0 and <= 0x10FFFF ? code : null;
    }

    /// <summary>Parses <c>[…]</c> after the opening bracket.</summary>
    private void ParseClass(int from)
    {
        AddItem(false);
        if (Peek() == '^')
        {
            _position++;
            _folding += NegatedFolding;
        }
        var first = true;
        while (_position < _text.Length && (_text[_position] != ']' || first) && _fault is null)
        {
            first = false;
            if (!TryParseNamedClass())
            {
                ParseClassRange();
            }
        }
        if (_fault is null && _position >= _text.Length)
        {
            _fault = $"missing closing ]: {Printer.Quote(_text[from..])}";
        }
        _position++;
    }

    private bool TryParseNamedClass()
    {
        var rest = _text[_position..];
        if (rest.StartsWith("[:") && rest[2..].IndexOf(":]") is var end and >= 0)
        {
            var name = rest.Slice(2, end);
            if (Array.IndexOf(PosixClasses, name.TrimStart('^').ToString()) < 0 || name.StartsWith("^^"))
            {
                _fault = $"invalid character class range: {Printer.Quote(rest[..(end + 4)])}";
            }
            _position += end + 4;
            _madeOnce += ClassSize;
            if (name.StartsWith('^'))
            {
                _folding += NegatedFolding;
            }
            return true;
        }
        if (rest.Length < 2 || rest[0] != '\\')
        {
            return false;
        }
        if (rest[1] is 'd' or 'D' or 's' or 'S' or 'w' or 'W')
        {
            CountPerlClass(rest[1]);
            _position += 2;
            return true;
        }
        if (rest[1] is not ('p' or 'P'))
        {
            return false;
        }
        _position++;
        ParseUnicodeClass(_position - 1);
        return true;
    }

    private void ParseClassRange()
    {
        var from = _position;
        _madeOnce++;
        var low = ParseClassCharacter();
        if (_fault is not null || Peek() != '-' || _position + 1 >= _text.Length || _text[_position + 1] == ']')
        {
            return;
        }
        _position++;
        var high = ParseClassCharacter();
        if (_fault is null && high < low)
        {
            _fault = $"invalid character class range: {Printer.Quote(_text[from.._position])}";
        }
        _folding +=
            low <= FirstFolded && high >= LastFolded
                ? NegatedFolding
                : Math.Max(Math.Min(high, LastFolded) - Math.Max(low, FirstFolded), 0) / CharactersPerFoldingUnit;
    }

    /// <summary>Adds the cost of <c>\d</c>, <c>\s</c>, <c>\w</c> or a negation of them (<c>\D</c>, <c>\S</c>, <c>\W</c>).</summary>
    private void CountPerlClass(char name)
    {
        _madeOnce += ClassSize;
        if (char.IsAsciiLetterUpper(name))
        {
            _folding += NegatedFolding;
        }
    }

    private int ParseClassCharacter()
    {
        var from = _position;
        var c = _text[_position++];
        if (c == '\\')
        {
            return ParseCharacterEscape(from);
        }
        if (!char.IsSurrogate(c))
        {
            return c;
        }
        return AcceptLowSurrogate(c) ? char.ConvertToUtf32(c, _text[_position - 1]) : c;
    }
}
