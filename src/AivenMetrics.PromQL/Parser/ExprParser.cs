namespace AivenMetrics.PromQL;

/// <summary>
/// A recursive-descent parser with one token of lookahead and precedence climbing for operators. It checks types while building the tree.
/// Methods are named after the rules of Prometheus' grammar. On return, <see cref="_token"/> is the first token after the parsed text.
/// </summary>
internal ref partial struct ExprParser
{
    private readonly string _query;
    private Lexer _lexer;
    private Token _token;
    private int _depth;
    private int _selectors;
    private int _durationOperators;

    // Start of the only selector that may have no matchers: the second argument of info.
    private int _labelsOnlyAt = -1;

    public ExprParser(string query)
    {
        _query = query;
        _lexer = new Lexer(query);
        if (query.Length > PromQLParser.MaxLength)
        {
            throw Error(PromQLParser.MaxLength, $"the query has {query.Length} characters; the limit is {PromQLParser.MaxLength}");
        }
        Advance();
    }

    /// <summary>A parsed expression with its start position, type and tree height, which the parent expression needs.</summary>
    private readonly record struct Parsed(Expr Expr, int Start, ExprType Type, int Height = 1);

    public Expr ParseQuery()
    {
        if (_token.Kind == TokenKind.EndOfInput)
        {
            throw Error(0, "no expression found in input");
        }
        var parsed = ParseExpr(0);
        if (_token.Kind != TokenKind.EndOfInput)
        {
            throw Unexpected("", "an operator or end of input");
        }
        return parsed.Expr;
    }

    private Parsed ParseExpr(int minPrecedence)
    {
        if (++_depth > PromQLParser.MaxNesting)
        {
            throw Error(_token.Start, $"the expression nests deeper than {PromQLParser.MaxNesting} levels");
        }
        var left = ParseUnaryExpr();
        while (_token.IsBinaryOperator && _token.BinaryOperator.Precedence() >= minPrecedence)
        {
            left = ParseBinaryExpr(left);
        }
        _depth--;
        return left;
    }

    /// <summary>
    /// Parses a signed expression. A sign binds like <c>*</c>, looser than <c>^</c>: <c>-2^2</c> is -4. A sign before a bare number becomes
    /// part of it.
    /// </summary>
    private Parsed ParseUnaryExpr()
    {
        if (_token.Kind is not (TokenKind.Add or TokenKind.Subtract))
        {
            return ParsePostfixExpr();
        }
        var from = _token.Start;
        var op = _token.Kind == TokenKind.Add ? UnaryOperator.Plus : UnaryOperator.Minus;
        Advance();
        var operand = ParseExpr(Operators.PowerPrecedence);
        if (operand.Expr is NumberLiteral number)
        {
            return operand with { Start = from, Expr = op == UnaryOperator.Minus ? new NumberLiteral(-number.Value) : number };
        }
        if (operand.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            var found = Printer.Quote(operand.Type.DocumentedType());
            throw Error(from, $"unary expression only allowed on expressions of type scalar or instant vector, got {found}");
        }
        return AddLevel(new UnaryExpr(op, operand.Expr), from, operand.Type, operand.Height);
    }

    private Parsed ParsePrimary()
    {
        var from = _token.Start;
        switch (_token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                return new Parsed(NumberLiteral.Create(ParseNumberOrDuration()), from, ExprType.Scalar);
            case TokenKind.String:
                return new Parsed(new StringLiteral(ParseString()), from, ExprType.Text);
            case TokenKind.LeftParen:
                Advance();
                var inner = ParseExpr(0);
                Expect(TokenKind.RightParen, "", "an operator or \")\"");
                return AddLevel(new ParenExpr(inner.Expr), from, inner.Type, inner.Height);
            case TokenKind.LeftBrace:
                return ParseVectorSelector(null, from);
        }

        if (!_token.IsMetricName)
        {
            throw Unexpected("", "an expression");
        }
        var word = _token;
        Advance();
        if (word.IsAggregateOperator && _token.Kind is TokenKind.LeftParen or TokenKind.By or TokenKind.Without)
        {
            return ParseAggregateExpr(word);
        }
        var callable = word.Kind is TokenKind.Identifier or >= TokenKind.Start;
        if (callable && _token.Kind == TokenKind.LeftParen)
        {
            return ParseCall(word);
        }
        return ParseVectorSelector(InternedNames.Get(Text(word)), from);
    }

    private Parsed ParseAggregateExpr(Token word)
    {
        var op = word.AggregateOperator;
        var modified = ParseAggregateModifier(out var grouping, out var without);
        if (_token.Kind != TokenKind.LeftParen)
        {
            throw Unexpected("aggregation", "\"(\"");
        }
        var arguments = new ValueListBuilder<Parsed>();
        var height = ParseArguments(ref arguments);
        if (!modified)
        {
            ParseAggregateModifier(out grouping, out without);
        }

        var parameter = op.ParameterType();
        var expected = parameter is null ? 1 : 2;
        if (arguments.Count == 0)
        {
            throw Error(word.Start, "no arguments for aggregate expression provided");
        }
        if (arguments.Count != expected)
        {
            var counts = $"expected {expected}, got {arguments.Count}";
            throw Error(word.Start, $"wrong number of arguments for aggregate expression provided, {counts}");
        }
        var aggregated = arguments[expected - 1];
        ExpectType(aggregated, ExprType.Vector, "aggregation expression");
        if (parameter is { } wanted)
        {
            ExpectType(arguments[0], wanted, "aggregation parameter");
        }

        var param = parameter is null ? null : arguments[0].Expr;
        return AddLevel(new AggregateExpr(op, aggregated.Expr, param, grouping, without), word.Start, ExprType.Vector, height);
    }

    private bool ParseAggregateModifier(out ValueList<string> grouping, out bool without)
    {
        without = _token.Kind == TokenKind.Without;
        grouping = default;
        if (!without && _token.Kind != TokenKind.By)
        {
            return false;
        }
        Advance();
        grouping = ParseGroupingLabels();
        return true;
    }

    private Parsed ParseCall(Token word)
    {
        var function = Function.Find(Text(word)) ?? throw Error(word.Start, $"unknown function with name {Printer.Quote(Text(word))}");
        var arguments = new ValueListBuilder<Parsed>();
        var height = ParseArguments(ref arguments, function == Function.Info);
        if (arguments.Count < function.MinArgs || arguments.Count > function.MaxArgs)
        {
            var (bound, limit) =
                function.MinArgs == function.MaxArgs ? ("", function.MinArgs)
                : arguments.Count < function.MinArgs ? ("at least ", function.MinArgs)
                : ("at most ", function.MaxArgs);
            throw Error(word.Start, $"expected {bound}{limit} argument(s) in call to \"{function.Name}\", got {arguments.Count}");
        }
        if (function == Function.Info && arguments.Count > 1)
        {
            CheckInfoSelector(arguments[1]);
        }
        var expressions = new Expr[arguments.Count];
        for (var i = 0; i < expressions.Length; i++)
        {
            ExpectType(arguments[i], function.ArgTypeAt(i), "call to function", function.Name);
            expressions[i] = arguments[i].Expr;
        }
        return AddLevel(new Call(function, new ValueList<Expr>(expressions)), word.Start, function.ReturnType, height);
    }

    /// <summary>
    /// Checks that the second argument of info is a bare selector without a name. It is the only selector that may select all series.
    /// </summary>
    private readonly void CheckInfoSelector(Parsed argument)
    {
        if (argument.Expr is not VectorSelector selector)
        {
            throw Error(argument.Start, "expected label selectors only");
        }
        if (selector.Name is not null)
        {
            throw Error(argument.Start, "expected label selectors only, got vector selector instead");
        }
    }

    /// <summary>Parses the arguments between parentheses.</summary>
    /// <returns>The height of the highest argument.</returns>
    private int ParseArguments(ref ValueListBuilder<Parsed> arguments, bool ofInfo = false)
    {
        var height = 0;
        Advance();
        while (_token.Kind != TokenKind.RightParen)
        {
            if (ofInfo && arguments.Count == 1)
            {
                _labelsOnlyAt = _token.Start;
            }
            var parsed = ParseExpr(0);
            arguments.Add(parsed);
            height = Math.Max(height, parsed.Height);
            if (_token.Kind == TokenKind.RightParen)
            {
                break;
            }
            var comma = _token.Start;
            Expect(TokenKind.Comma, "", "an operator, \",\" or \")\"");
            if (_token.Kind == TokenKind.RightParen)
            {
                throw Error(comma, "trailing commas not allowed in function call args");
            }
        }
        Advance();
        return height;
    }

    private readonly void ExpectType(Parsed found, ExprType wanted, string context, string function = "")
    {
        if (found.Type == wanted)
        {
            return;
        }
        if (function.Length > 0)
        {
            context += $" \"{function}\"";
        }
        throw Error(found.Start, $"expected type {wanted.DocumentedType()} in {context}, got {found.Type.DocumentedType()}");
    }

    /// <summary>
    /// Returns the expression with one level added to the highest child. The limit keeps recursive traversals within the stack.
    /// </summary>
    private readonly Parsed AddLevel(Expr expr, int from, ExprType type, int highestChild) =>
        highestChild < PromQLParser.MaxHeight
            ? new Parsed(expr, from, type, highestChild + 1)
            : throw Error(from, $"the expression chains or nests more than {PromQLParser.MaxHeight} operators");

    private double ParseNumber()
    {
        var value = Literals.ParseNumber(Text(_token), out var fault) ?? throw Error(_token.Start, fault);
        Advance();
        return value;
    }

    /// <summary>Parses a number. As in Prometheus 3, a duration is a number of seconds.</summary>
    private double ParseNumberOrDuration() => _token.Kind == TokenKind.Duration ? Literals.ToSeconds(ParseDuration()) : ParseNumber();

    private string ParseString()
    {
        var value = Literals.Unquote(Text(_token));
        Advance();
        return value;
    }

    private void Advance() => _token = _lexer.Next();

    private void Expect(TokenKind kind, string context, string expected)
    {
        if (_token.Kind != kind)
        {
            throw Unexpected(context, expected);
        }
        Advance();
    }

    /// <summary>Consumes the current word and returns it as a name.</summary>
    private string ParseName()
    {
        var name = InternedNames.Get(Text(_token));
        Advance();
        return name;
    }

    private readonly ReadOnlySpan<char> Text(Token of) => _query.AsSpan(of.Start, of.End - of.Start);

    private readonly PromQLParseException Unexpected(string context, string expected)
    {
        var place = context.Length > 0 ? " in " + context : "";
        return Error(_token.Start, $"unexpected {_token.Describe(_query)}{place}, expected {expected}");
    }

    private readonly PromQLParseException Error(int at, string reason) => PromQLParseException.At(_query, at, reason);
}
