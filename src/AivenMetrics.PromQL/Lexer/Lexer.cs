using System.Buffers;

namespace AivenMetrics.PromQL;

/// <summary>
/// Cuts a query into tokens as the lexer of Prometheus 2.42 does. It has three moods: outside of braces words may be keywords, inside of
/// braces
/// they never are, and a left bracket must be followed by a duration.
/// </summary>
internal ref partial struct Lexer(ReadOnlySpan<char> text)
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create("\r\n");

    private readonly ReadOnlySpan<char> text = text;
    private int position;
    private int parenDepth;
    private bool braceOpen;
    private bool bracketOpen;
    private bool gotColon;
    private bool durationNext;

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    /// <summary>The next token; <see cref="TokenKind.EndOfInput"/> for ever at the end.</summary>
    /// <exception cref="PromQLParseException">No token starts here.</exception>
    public Token Next()
    {
        if (durationNext) return DurationAfterBracket();
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
            case '<': return Emit(Accept('=') ? TokenKind.LessOrEqual : TokenKind.Less, from);
            case '>': return Emit(Accept('=') ? TokenKind.GreaterOrEqual : TokenKind.Greater, from);
            case '=':
                if (Peek() == '~') throw Error(position, "unexpected character after '=': '~'");
                return Emit(Accept('=') ? TokenKind.Equal : TokenKind.Assign, from);
            case '!':
                if (Accept('=')) return Emit(TokenKind.NotEqual, from);
                throw Error(position, $"unexpected character after '!': {Character(position)}");
            case '(':
                parenDepth++;
                return Emit(TokenKind.LeftParen, from);
            case ')':
                if (--parenDepth < 0) throw Error(from, "unexpected right parenthesis ')'");
                return Emit(TokenKind.RightParen, from);
            case '{':
                braceOpen = true;
                return Emit(TokenKind.LeftBrace, from);
            case '[':
                if (bracketOpen) throw Error(from, "unexpected left bracket '['");
                (bracketOpen, gotColon, durationNext) = (true, false, true);
                return Emit(TokenKind.LeftBracket, from);
            case ']':
                if (!bracketOpen) throw Error(from, "unexpected right bracket ']'");
                bracketOpen = false;
                return Emit(TokenKind.RightBracket, from);
            case '"' or '\'' or '`':
                return Quoted(c, from);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek()))) return NumberOrDuration(from);
        if (IsNameStart(c) || c == ':') return bracketOpen ? ColonInBrackets(from) : Word(from);
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
        return Emit(Token.KindOf(text[from..position]), from);
    }

    /// <summary>Between brackets Prometheus 2.42 takes any one letter for the colon of a subquery; so do we, and print a colon.</summary>
    private Token ColonInBrackets(int from)
    {
        if (gotColon) throw Error(from, $"unexpected colon {Character(from)}");
        gotColon = true;
        return Emit(TokenKind.Colon, from);
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
