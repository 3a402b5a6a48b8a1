using System.Buffers;
using System.Globalization;
using System.Text;

namespace AivenMetrics.PromQL;

/// <summary>Writes selectors, labels and strings, and validates and escapes their content.</summary>
internal ref partial struct ExprWriter
{
    // Printable ASCII without the quote and the backslash.
    private static readonly SearchValues<char> Plain = SearchValues.Create([
        .. Enumerable.Range(' ', 95).Select(c => (char)c).Where(c => c is not ('"' or '\\')),
    ]);

    private void WriteSelector(VectorSelector selector)
    {
        var named = selector.Name is not null && IsMetricName(selector.Name);
        if (named)
        {
            _buffer.Append(selector.Name);
        }
        if (named && selector.Matchers.Count == 0 && _scope is null)
        {
            return;
        }
        _buffer.Append('{');
        var first = true;
        if (!named && selector.Name is not null)
        {
            // A name that is not valid outside quotes is written as a matcher.
            _buffer.Append("__name__=");
            WriteQuoted(selector.Name);
            first = false;
        }
        foreach (var matcher in selector.Matchers)
        {
            if (!first)
            {
                _buffer.Append(',');
            }
            first = false;
            Write(matcher);
        }
        if (_scope is not null)
        {
            if (!first)
            {
                _buffer.Append(',');
            }
            _buffer.Append(_scope.Text);
        }
        _buffer.Append('}');
    }

    private static bool IsMetricName(string name)
    {
        if (name.Length == 0 || char.IsAsciiDigit(name[0]))
        {
            return false;
        }
        foreach (var c in name)
        {
            if (!Lexer.IsNameCharacter(c) && c != ':')
            {
                return false;
            }
        }
        return new Token(Token.KindOf(name), 0, 0).IsMetricName;
    }

    public void Write(LabelMatcher matcher)
    {
        if (LabelMatcher.IsLabelName(matcher.Name))
        {
            _buffer.Append(matcher.Name);
        }
        else
        {
            WriteQuoted(matcher.Name);
        }
        _buffer.Append(
            matcher.Type switch
            {
                MatchType.Equal => "=",
                MatchType.NotEqual => "!=",
                MatchType.Regex => "=~",
                MatchType.NotRegex => "!~",
                _ => throw new ArgumentException($"Matchers of type {matcher.Type} cannot be printed.", nameof(matcher)),
            }
        );
        WriteQuoted(matcher.Value);
    }

    private void WriteLabels(ValueList<string> labels)
    {
        _buffer.Append('(');
        for (var i = 0; i < labels.Count; i++)
        {
            if (i > 0)
            {
                _buffer.Append(", ");
            }
            var label = labels[i];
            if (LabelMatcher.IsLabelName(label) && new Token(Token.KindOf(label), 0, 0).IsGroupingLabel)
            {
                _buffer.Append(label);
            }
            else if (label.Length > 0 && !Literals.HasLoneSurrogate(label))
            {
                WriteQuoted(label);
            }
            else
            {
                throw new ArgumentException("A grouping label must not be empty or invalid UTF-8.", nameof(labels));
            }
        }
        _buffer.Append(')');
    }

    private void WriteModifiers(VectorSelector selector)
    {
        WriteAt(selector.At);
        if (selector.ExtendedRange != ExtendedRangeMode.None)
        {
            _buffer.Append(selector.ExtendedRange == ExtendedRangeMode.Anchored ? " anchored" : " smoothed");
        }
        WriteOffset(selector.Offset);
    }

    private void WriteAt(AtModifier? at)
    {
        if (at is null)
        {
            return;
        }
        _buffer.Append(" @ ");
        if (at.Kind == AtKind.Timestamp)
        {
            _buffer.Append(at.Seconds);
        }
        else
        {
            _buffer.Append(at.Kind == AtKind.Start ? "start()" : "end()");
        }
    }

    /// <summary>
    /// Writes a string in double quotes, escaped as by Go's %q. U+FFFD is escaped too, because Prometheus rejects it in strings.
    /// </summary>
    public void WriteQuoted(ReadOnlySpan<char> text)
    {
        _buffer.Append('"');
        while (!text.IsEmpty)
        {
            var plain = text.IndexOfAnyExcept(Plain);
            if (plain < 0)
            {
                plain = text.Length;
            }
            _buffer.Append(text[..plain]);
            text = text[plain..];
            if (!text.IsEmpty)
            {
                text = text[WriteEscaped(text)..];
            }
        }
        _buffer.Append('"');
    }

    /// <summary>Writes the first character of the text, escaped if necessary.</summary>
    /// <returns>The number of UTF-16 characters that were written.</returns>
    private int WriteEscaped(ReadOnlySpan<char> text)
    {
        if (Rune.DecodeFromUtf16(text, out var rune, out var length) != OperationStatus.Done)
        {
            if (text[0] is < '\uDC80' or > '\uDCFF')
            {
                throw new ArgumentException("A string contains an unpaired surrogate.", nameof(text));
            }
            WriteHexadecimal('x', text[0] - 0xDC00, 2);
            return 1;
        }

        var shorthand = rune.Value switch
        {
            '"' or '\\' => (char)rune.Value,
            >= '\a' and <= '\r' => "abtnvfr"[rune.Value - '\a'],
            _ => '\0',
        };
        if (shorthand != '\0')
        {
            _buffer.Append('\\');
            _buffer.Append(shorthand);
        }
        else if (IsPrintable(rune))
        {
            _buffer.Append(text[..length]);
        }
        else if (rune.Value is < ' ' or 0x7F)
        {
            WriteHexadecimal('x', rune.Value, 2);
        }
        else if (rune.Value < 0x10000)
        {
            WriteHexadecimal('u', rune.Value, 4);
        }
        else
        {
            WriteHexadecimal('U', rune.Value, 8);
        }
        return length;
    }

    private static bool IsPrintable(Rune rune) =>
        rune != Rune.ReplacementChar
        && Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
            );

    private void WriteHexadecimal(char kind, int value, int digits)
    {
        _buffer.Append('\\');
        _buffer.Append(kind);
        _buffer.AppendHexadecimal(value, digits);
    }
}
