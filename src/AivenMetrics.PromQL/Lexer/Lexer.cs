using System.Buffers;

namespace AivenMetrics.PromQL;

/// <summary>
/// Cuts a query into tokens as the lexers of Prometheus 2.42 and 3 do. It has three moods: outside of braces words may be keywords, inside
/// of braces they never are, and between brackets there are only durations.
/// </summary>
internal ref partial struct Lexer(ReadOnlySpan<char> text)
{
    private static readonly SearchValues<char> Letters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n");

    private readonly ReadOnlySpan<char> text = text;
    private int position;
    private int parenDepth;
    private bool braceOpen;
    private bool bracketOpen;
    private bool gotColon;
    private bool beforeDuration;

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>The next token; <see cref="TokenKind.EndOfInput"/> for ever at the end.</summary>
    /// <exception cref="PromQLParseException">No token starts here.</exception>
    public Token Next()
    {
        if (beforeDuration) return AfterBracket();
        SkipSpacesAndComments();
        return braceOpen ? InsideBraces() : OutsideBraces();
    }

    private Token OutsideBraces()
    {
        var from = position;
        if (position >= text.Length) return AtEnd();
        var c = text[position++];
        switch (c)
        {
            case ',': return Emit(TokenKind.Comma, from);
            case '*': return Emit(TokenKind.Multiply, from);
            case '/': return Emit(TokenKind.Divide, from);
            case '%': return Emit(TokenKind.Modulo, from);
            case '+': return Emit(TokenKind.Add, from);
            case '-': return Emit(TokenKind.Subtract, from);
            case '^': return Emit(TokenKind.Power, from);
            case '@': return Emit(TokenKind.At, from);
            case '<': return Emit(Accept('=') ? TokenKind.LessOrEqual : Accept('/') ? TokenKind.TrimUpper : TokenKind.Less, from);
            case '>': return Emit(Accept('=') ? TokenKind.GreaterOrEqual : Accept('/') ? TokenKind.TrimLower : TokenKind.Greater, from);
            case '=':
                if (Peek() == '~') throw Error(position, "unexpected character after '=': '~'");
                return Emit(Accept('=') ? TokenKind.Equal : TokenKind.Assign, from);
            case '!':
                if (Accept('=')) return Emit(TokenKind.NotEqual, from);
                throw Error(position, $"unexpected character after '!': {Character(position)}");
            case '(':
                parenDepth++;
                return Emit(TokenKind.LeftParen, from);
            case ')': return RightParen(from);
            case '{':
                braceOpen = true;
                return Emit(TokenKind.LeftBrace, from);
            case '[':
                if (bracketOpen) throw Error(from, "unexpected left bracket '['");
                (bracketOpen, gotColon, beforeDuration) = (true, false, true);
                return Emit(TokenKind.LeftBracket, from);
            case ']':
                if (!bracketOpen) throw Error(from, "unexpected right bracket ']'");
                bracketOpen = false;
                return Emit(TokenKind.RightBracket, from);
            case '"' or '\'' or '`':
                return Quoted(c, from);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek()))) return NumberOrDuration(from);
        if (IsNameStart(c) || c == ':') return bracketOpen ? WordInBrackets(from) : Word(from);
        throw Error(from, $"unexpected character: {Character(from)}");
    }

    private Token InsideBraces()
    {
        var from = position;
        if (position >= text.Length) throw Error(from, "unexpected end of input inside braces");
        var c = text[position++];
        switch (c)
        {
            case ',': return Emit(TokenKind.Comma, from);
            case '"' or '\'' or '`': return Quoted(c, from);
            case '=': return Emit(Accept('~') ? TokenKind.EqualRegex : TokenKind.Assign, from);
            case '!':
                if (Accept('~')) return Emit(TokenKind.NotRegex, from);
                if (Accept('=')) return Emit(TokenKind.NotEqual, from);
                throw Error(position, $"unexpected character after '!' inside braces: {Character(position)}");
            case '{': throw Error(from, "unexpected left brace '{'");
            case '}':
                braceOpen = false;
                return Emit(TokenKind.RightBrace, from);
        }

        if (!IsNameStart(c)) throw Error(from, $"unexpected character inside braces: {Character(from)}");
        while (IsNameCharacter(Peek())) position++;
        return Emit(TokenKind.Identifier, from);
    }

    private Token AtEnd()
    {
        if (parenDepth != 0) throw Error(position, "unclosed left parenthesis");
        if (bracketOpen) throw Error(position, "unclosed left bracket");
        return Emit(TokenKind.EndOfInput, position);
    }

    private Token Word(int from)
    {
        while (IsNameCharacter(Peek()) || Peek() == ':') position++;
        var kind = Token.KindOf(text[from..position]);
        // These came late, so they are keywords only where they could never have been names.
        if (kind is TokenKind.Fill or TokenKind.FillLeft or TokenKind.FillRight && !IsParenNext()) kind = TokenKind.Identifier;
        return Emit(kind, from);
    }

    private readonly bool IsParenNext()
    {
        var next = text[position..].IndexOfAnyExcept(" \t\n\r");
        return next >= 0 && text[position + next] == '(';
    }

    /// <summary>
    /// Between brackets, before the first number, Prometheus 3 takes what duration expressions are made of, and no comments.
    /// </summary>
    private Token AfterBracket()
    {
        SkipSpaces();
        var from = position;
        if (position >= text.Length) throw Error(from, "unclosed left bracket");
        var c = text[position++];
        switch (c)
        {
            case '+': return Emit(TokenKind.Add, from);
            case '-': return Emit(TokenKind.Subtract, from);
            case '*': return Emit(TokenKind.Multiply, from);
            case '/': return Emit(TokenKind.Divide, from);
            case '%': return Emit(TokenKind.Modulo, from);
            case '^': return Emit(TokenKind.Power, from);
            case ',': return Emit(TokenKind.Comma, from);
            case ')': return RightParen(from);
            case '(':
                parenDepth++;
                return Emit(TokenKind.LeftParen, from);
            case ':':
                gotColon = true;
                return Emit(TokenKind.Colon, from);
            case ']':
                (bracketOpen, beforeDuration) = (false, false);
                return Emit(TokenKind.RightBracket, from);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek())))
        {
            beforeDuration = false;
            return NumberOrDuration(from);
        }
        if (DurationWord(from) is { } word) return word;
        throw Error(from, $"unexpected character in duration: {Character(from)}");
    }

    /// <summary>
    /// Words of duration expressions, or the colon of a subquery. Prometheus 2.42 takes any one letter for the latter; so do we, and print
    /// a colon.
    /// </summary>
    private Token WordInBrackets(int from)
    {
        if (DurationWord(from) is { } word) return word;
        if (gotColon) throw Error(from, $"unexpected colon {Character(from)}");
        gotColon = true;
        return Emit(TokenKind.Colon, from);
    }

    private Token? DurationWord(int from)
    {
        var length = text[from..].IndexOfAnyExcept(Letters);
        var to = length < 0 ? text.Length : from + length;
        var token = new Token(Token.KindOf(text[from..to]), from, to);
        if (!token.IsDurationWord) return null;
        position = to;
        return token;
    }

    private Token RightParen(int from)
    {
        if (--parenDepth < 0) throw Error(from, "unexpected right parenthesis ')'");
        return Emit(TokenKind.RightParen, from);
    }

    private void SkipSpacesAndComments()
    {
        while (true)
        {
            SkipSpaces();
            if (Peek() != '#') return;
            var end = text[position..].IndexOfAny(LineEnds);
            position = end < 0 ? text.Length : position + end;
        }
    }

    private void SkipSpaces()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r') position++;
    }

    private readonly Token Emit(TokenKind kind, int from) => new(kind, from, position);

    /// <summary>The next character without taking it. A NUL at the end of input; one in the text is as little part of any token.</summary>
    private readonly char Peek() => position < text.Length ? text[position] : '\0';

    private bool Accept(char expected)
    {
        if (position >= text.Length || text[position] != expected) return false;
        position++;
        return true;
    }

    private readonly string Character(int at)
    {
        if (at >= text.Length) return "end of input";
        var length = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1;
        var quoted = Printer.Quote(text.Slice(at, length));
        return quoted == "\"\\\"\"" ? "'\"'" : $"'{quoted[1..^1]}'";
    }

    private readonly PromQLParseException Error(int at, string reason) => PromQLParseException.At(text, at, reason);
}
