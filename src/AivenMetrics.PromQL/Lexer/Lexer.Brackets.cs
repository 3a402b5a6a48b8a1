using System.Buffers;

namespace AivenMetrics.PromQL;

/// <summary>Reads durations and duration expressions inside brackets.</summary>
internal ref partial struct Lexer
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    /// <summary>
    /// Reads a token between a left bracket and the first number. As in Prometheus 3, the tokens of duration expressions are valid here and
    /// comments are not.
    /// </summary>
    private Token LexAfterBracket()
    {
        SkipWhitespace();
        var from = _position;
        if (_position >= _text.Length)
        {
            throw Error(from, "unclosed left bracket");
        }
        var c = _text[_position++];
        switch (c)
        {
            case '+':
                return Emit(TokenKind.Add, from);
            case '-':
                return Emit(TokenKind.Subtract, from);
            case '*':
                return Emit(TokenKind.Multiply, from);
            case '/':
                return Emit(TokenKind.Divide, from);
            case '%':
                return Emit(TokenKind.Modulo, from);
            case '^':
                return Emit(TokenKind.Power, from);
            case ',':
                return Emit(TokenKind.Comma, from);
            case ')':
                return LexRightParen(from);
            case '(':
                _parenDepth++;
                return Emit(TokenKind.LeftParen, from);
            case ':':
                _gotColon = true;
                return Emit(TokenKind.Colon, from);
            case ']':
                (_bracketOpen, _beforeDuration) = (false, false);
                return Emit(TokenKind.RightBracket, from);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek())))
        {
            _beforeDuration = false;
            return LexNumberOrDuration(from);
        }
        if (TryLexDurationKeyword(from) is { } word)
        {
            return word;
        }
        throw Error(from, $"unexpected character in duration: {DescribeCharacter(from)}");
    }

    /// <summary>
    /// Reads a keyword of duration expressions or the colon of a subquery. Prometheus 2.42 reads any single letter as the colon. This lexer
    /// does the same, and the printer writes a colon.
    /// </summary>
    private Token LexWordInBrackets(int from)
    {
        if (TryLexDurationKeyword(from) is { } word)
        {
            return word;
        }
        if (_gotColon)
        {
            throw Error(from, $"unexpected colon {DescribeCharacter(from)}");
        }
        _gotColon = true;
        return Emit(TokenKind.Colon, from);
    }

    private Token? TryLexDurationKeyword(int from)
    {
        var length = _text[from..].IndexOfAnyExcept(Letters);
        var to = length < 0 ? _text.Length : from + length;
        var token = new Token(Token.KindOf(_text[from..to]), from, to);
        if (!token.IsDurationKeyword)
        {
            return null;
        }
        _position = to;
        return token;
    }
}
