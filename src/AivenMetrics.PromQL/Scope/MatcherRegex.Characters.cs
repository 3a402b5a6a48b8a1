using System.Buffers;
using System.Globalization;

namespace AivenMetrics.PromQL;

/// <summary>Escapes and character classes. No class matches the empty string; of the escapes only the assertions do.</summary>
internal ref partial struct MatcherRegex
{
    private static readonly SearchValues<char> WordCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

    // Expressions without these are literals.
    private static readonly SearchValues<char> SpecialCharacters = SearchValues.Create("\\.+*?()|[]{}^$");

    // What classes cost, in the units of expressions: each is made once, its copies share it. Under (?i) a server looks for the other
    // cases of every character of a range that is between the first and the last that have any (Go's minFold and maxFold), and Prometheus
    // 3 of every table and of all that is not in a class.
    private const int ClassSize = 10;
    private const int UnicodeClassSize = 500;
    private const int UnicodeFolding = 2000;
    private const int NegatedFolding = 800;
    private const int CharactersPerFoldingUnit = 10;
    private const int FirstFolded = 'A';
    private const int LastFolded = 0x1E943;

    private static readonly string[] PosixClasses =
        ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit"];

    private void Escape(int from)
    {
        switch (Peek())
        {
            case 'A' or 'z' or 'B':
                position++;
                Add(true);
                return;
            case 'b':
                position++;
                Add(false);
                return;
            case 'Q':
                LiteralText();
                return;
            case 'd' or 'D' or 's' or 'S' or 'w' or 'W':
                PerlClass(Peek());
                position++;
                Add(false);
                return;
            case 'p' or 'P':
                UnicodeClass(from);
                Add(false);
                return;
            default:
                CharacterEscape(from);
                Add(false);
                return;
        }
    }

    /// <summary>
    /// Takes <c>\Q…\E</c>. Prometheus 2 puts <c>)$</c> behind the expression, which a missing <c>\E</c> would take for text, and refuses
    /// it then; Prometheus 3 does not.
    /// </summary>
    private void LiteralText()
    {
        var literal = text[(position + 1)..];
        var end = literal.IndexOf("\\E");
        position += 1 + (end < 0 ? literal.Length : end + 2);
        foreach (var _ in (end < 0 ? literal : literal[..end]).EnumerateRunes()) Add(false);
    }

    private void UnicodeClass(int from)
    {
        madeOnce += UnicodeClassSize;
        folding += UnicodeFolding;
        position++;
        if (Peek() == '{')
        {
            var end = text[position..].IndexOf('}');
            if (end < 0) fault = $"invalid character class range: {Printer.Quote(text[from..])}";
            else position += end + 1;
        }
        else if (position >= text.Length)
        {
            fault = $"invalid escape sequence: {Printer.Quote(text[from..])}";
        }
        else
        {
            position++;
        }
    }

    /// <summary>Takes an escape that stands for one character, and says which; the backslash is taken already.</summary>
    private int CharacterEscape(int from)
    {
        if (position >= text.Length)
        {
            fault = "trailing backslash at end of expression";
            return 0;
        }
        var c = text[position++];
        switch (c)
        {
            case >= '1' and <= '7' when Peek() is < '0' or > '7':
                break;
            case >= '0' and <= '7':
                var value = c - '0';
                for (var more = 0; more < 2 && Peek() is >= '0' and <= '7'; more++) value = (value * 8) + text[position++] - '0';
                return value;
            case 'x':
                if (Hexadecimal() is { } code) return code;
                break;
            case 'a': return '\a';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'v': return '\v';
            default:
                if (char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c)) return c;
                break;
        }
        fault ??= $"invalid escape sequence: {Printer.Quote(text[from..position])}";
        return 0;
    }

    private int? Hexadecimal()
    {
        var braced = Peek() == '{';
        if (braced) position++;
        var digits = text[position..];
        var length = braced ? digits.IndexOf('}') : Math.Min(2, digits.Length);
        if (length <= 0 || (!braced && length < 2)) return null;
        position += length + (braced ? 1 : 0);
        var read = int.TryParse(digits[..length], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code);
        return read && code is >= 0 and <= 0x10FFFF ? code : null;
    }

    /// <summary>Takes <c>[…]</c>; the bracket is taken already.</summary>
    private void Class(int from)
    {
        Add(false);
        if (Peek() == '^')
        {
            position++;
            folding += NegatedFolding;
        }
        var first = true;
        while (position < text.Length && (text[position] != ']' || first) && fault is null)
        {
            first = false;
            if (!NamedClass()) Range();
        }
        if (fault is null && position >= text.Length) fault = $"missing closing ]: {Printer.Quote(text[from..])}";
        position++;
    }

    private bool NamedClass()
    {
        var rest = text[position..];
        if (rest.StartsWith("[:") && rest[2..].IndexOf(":]") is var end and >= 0)
        {
            var name = rest.Slice(2, end);
            if (Array.IndexOf(PosixClasses, name.TrimStart('^').ToString()) < 0 || name.StartsWith("^^"))
                fault = $"invalid character class range: {Printer.Quote(rest[..(end + 4)])}";
            position += end + 4;
            madeOnce += ClassSize;
            if (name.StartsWith('^')) folding += NegatedFolding;
            return true;
        }
        if (rest.Length < 2 || rest[0] != '\\') return false;
        if (rest[1] is 'd' or 'D' or 's' or 'S' or 'w' or 'W')
        {
            PerlClass(rest[1]);
            position += 2;
            return true;
        }
        if (rest[1] is not ('p' or 'P')) return false;
        position++;
        UnicodeClass(position - 1);
        return true;
    }

    private void Range()
    {
        var from = position;
        madeOnce++;
        var low = ClassCharacter();
        if (fault is not null || Peek() != '-' || position + 1 >= text.Length || text[position + 1] == ']') return;
        position++;
        var high = ClassCharacter();
        if (fault is null && high < low) fault = $"invalid character class range: {Printer.Quote(text[from..position])}";
        folding += low <= FirstFolded && high >= LastFolded
            ? NegatedFolding
            : Math.Max(Math.Min(high, LastFolded) - Math.Max(low, FirstFolded), 0) / CharactersPerFoldingUnit;
    }

    /// <summary>Counts <c>\d</c>, <c>\s</c>, <c>\w</c> or, in capitals, what is not in them.</summary>
    private void PerlClass(char name)
    {
        madeOnce += ClassSize;
        if (char.IsAsciiLetterUpper(name)) folding += NegatedFolding;
    }

    private int ClassCharacter()
    {
        var from = position;
        var c = text[position++];
        if (c == '\\') return CharacterEscape(from);
        if (!char.IsSurrogate(c)) return c;
        return TakePair(c) ? char.ConvertToUtf32(c, text[position - 1]) : c;
    }
}
