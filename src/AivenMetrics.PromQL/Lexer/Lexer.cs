using System.Buffers;

namespace AivenMetrics.PromQL;

/// <summary>
/// Splits a query into tokens as the lexers of Prometheus 2.42 and 3 do. The lexer has three states. Outside braces, a word can be a
/// keyword; inside braces, it never is; inside brackets, only durations are valid.
/// </summary>
internal ref partial struct Lexer(ReadOnlySpan<char> text)
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n");

    private readonly ReadOnlySpan<char> _text = text;
    private int _position;
    private int _parenDepth;
    private bool _braceOpen;
    private bool _bracketOpen;
    private bool _gotColon;
    private bool _beforeDuration;

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>
    /// Returns the next token. At the end of the query it returns <see cref="TokenKind.EndOfInput"/>, also when called again.
    /// </summary>
    /// <exception cref="PromQLParseException">The characters at the current position are not a valid token.</exception>
    public Token Next()
    {
        if (_beforeDuration)
        {
            return LexAfterBracket();
        }
        SkipWhitespaceAndComments();
        return _braceOpen ? LexInsideBraces() : LexStatement();
    }

    private Token LexStatement()
    {
        var from = _position;
        if (_position >= _text.Length)
        {
            return LexEndOfInput();
        }
        var c = _text[_position++];
        switch (c)
        {
            case ',':
                return Emit(TokenKind.Comma, from);
            case '*':
                return Emit(TokenKind.Multiply, from);
            case '/':
                return Emit(TokenKind.Divide, from);
            case '%':
                return Emit(TokenKind.Modulo, from);
            case '+':
                return Emit(TokenKind.Add, from);
            case '-':
                return Emit(TokenKind.Subtract, from);
            case '^':
                return Emit(TokenKind.Power, from);
            case '@':
                return Emit(TokenKind.At, from);
            case '<':
                return Emit(
                    Accept('=') ? TokenKind.LessOrEqual
                        : Accept('/') ? TokenKind.TrimUpper
                        : TokenKind.Less,
                    from
                );
            case '>':
                return Emit(
                    Accept('=') ? TokenKind.GreaterOrEqual
                        : Accept('/') ? TokenKind.TrimLower
                        : TokenKind.Greater,
                    from
                );
            case '=':
                if (Peek() == '~')
                {
                    throw Error(_position, "unexpected character after '=': '~'");
                }
                return Emit(Accept('=') ? TokenKind.Equal : TokenKind.Assign, from);
            case '!':
                if (Accept('='))
                {
                    return Emit(TokenKind.NotEqual, from);
                }
                throw Error(_position, $"unexpected character after '!': {DescribeCharacter(_position)}");
            case '(':
                _parenDepth++;
                return Emit(TokenKind.LeftParen, from);
            case ')':
                return LexRightParen(from);
            case '{':
                _braceOpen = true;
                return Emit(TokenKind.LeftBrace, from);
            case '[':
                if (_bracketOpen)
                {
                    throw Error(from, "unexpected left bracket '['");
                }
                (_bracketOpen, _gotColon, _beforeDuration) = (true, false, true);
                return Emit(TokenKind.LeftBracket, from);
            case ']':
                if (!_bracketOpen)
                {
                    throw Error(from, "unexpected right bracket ']'");
                }
                _bracketOpen = false;
                return Emit(TokenKind.RightBracket, from);
            case '"' or '\'' or '`':
                return LexString(c, from);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek())))
        {
            return LexNumberOrDuration(from);
        }
        if (IsNameStart(c) || c == ':')
        {
            return _bracketOpen ? LexWordInBrackets(from) : LexKeywordOrIdentifier(from);
        }
        throw Error(from, $"unexpected character: {DescribeCharacter(from)}");
    }

    private Token LexInsideBraces()
    {
        var from = _position;
        if (_position >= _text.Length)
        {
            throw Error(from, "unexpected end of input inside braces");
        }
        var c = _text[_position++];
        switch (c)
        {
            case ',':
                return Emit(TokenKind.Comma, from);
            case '"' or '\'' or '`':
                return LexString(c, from);
            case '=':
                return Emit(Accept('~') ? TokenKind.EqualRegex : TokenKind.Assign, from);
            case '!':
                if (Accept('~'))
                {
                    return Emit(TokenKind.NotRegex, from);
                }
                if (Accept('='))
                {
                    return Emit(TokenKind.NotEqual, from);
                }
                throw Error(_position, $"unexpected character after '!' inside braces: {DescribeCharacter(_position)}");
            case '{':
                throw Error(from, "unexpected left brace '{'");
            case '}':
                _braceOpen = false;
                return Emit(TokenKind.RightBrace, from);
        }

        if (!IsNameStart(c))
        {
            throw Error(from, $"unexpected character inside braces: {DescribeCharacter(from)}");
        }
        while (IsNameCharacter(Peek()))
        {
            _position++;
        }
        return Emit(TokenKind.Identifier, from);
    }

    private Token LexEndOfInput()
    {
        if (_parenDepth != 0)
        {
            throw Error(_position, "unclosed left parenthesis");
        }
        if (_bracketOpen)
        {
            throw Error(_position, "unclosed left bracket");
        }
        return Emit(TokenKind.EndOfInput, _position);
    }

    private Token LexKeywordOrIdentifier(int from)
    {
        while (IsNameCharacter(Peek()) || Peek() == ':')
        {
            _position++;
        }
        var kind = Token.KindOf(_text[from.._position]);
        // These keywords are newer than the others. They are keywords only where a metric name would be a syntax error.
        if (kind is TokenKind.Fill or TokenKind.FillLeft or TokenKind.FillRight && !IsFollowedByParen())
        {
            kind = TokenKind.Identifier;
        }
        return Emit(kind, from);
    }

    private readonly bool IsFollowedByParen()
    {
        var next = _text[_position..].IndexOfAnyExcept(" \t\n\r");
        return next >= 0 && _text[_position + next] == '(';
    }

    private Token LexRightParen(int from)
    {
        if (--_parenDepth < 0)
        {
            throw Error(from, "unexpected right parenthesis ')'");
        }
        return Emit(TokenKind.RightParen, from);
    }

    private void SkipWhitespaceAndComments()
    {
        while (true)
        {
            SkipWhitespace();
            if (Peek() != '#')
            {
                return;
            }
            var end = _text[_position..].IndexOfAny(LineEnds);
            _position = end < 0 ? _text.Length : _position + end;
        }
    }

    private void SkipWhitespace()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r')
        {
            _position++;
        }
    }

    private readonly Token Emit(TokenKind kind, int from) => new(kind, from, _position);

    /// <summary>Returns the next character without consuming it, or NUL at the end of the query. NUL is not part of any token.</summary>
    private readonly char Peek() => _position < _text.Length ? _text[_position] : '\0';

    private bool Accept(char expected)
    {
        if (_position >= _text.Length || _text[_position] != expected)
        {
            return false;
        }
        _position++;
        return true;
    }

    private readonly string DescribeCharacter(int at)
    {
        if (at >= _text.Length)
        {
            return "end of input";
        }
        var length = at + 1 < _text.Length && char.IsSurrogatePair(_text[at], _text[at + 1]) ? 2 : 1;
        var quoted = Printer.Quote(_text.Slice(at, length));
        return quoted == "\"\\\"\"" ? "'\"'" : $"'{quoted[1..^1]}'";
    }

    private readonly PromQLParseException Error(int at, string reason) => PromQLParseException.At(_text, at, reason);
}
