namespace AivenMetrics.PromQL;

/// <summary>
/// Recursive descent with one token of look-ahead, operators by precedence climbing. Types are checked as the tree grows. Methods are named
/// after
/// the rules of Prometheus' grammar and leave <see cref="token"/> at the first token after what they read.
/// </summary>
internal ref partial struct ExprParser
{
    private readonly string query;
    private Lexer lexer;
    private Token token;
    private int depth;
    private int selectors;
    private int durationOperators;

    // Where the one selector starts that may do without a matcher: the second argument of info.
    private int labelsOnlyAt = -1;

    public ExprParser(string query)
    {
        this.query = query;
        lexer = new Lexer(query);
        if (query.Length > PromQLParser.MaxLength)
            throw Error(PromQLParser.MaxLength, $"the query is longer than {PromQLParser.MaxLength} characters");
        Advance();
    }

    /// <summary>An expression with what its parent must know: where it starts, its type, and how high its tree is.</summary>
    private readonly record struct Parsed(Expr Expr, int From, ExprType Type, int Height = 1);

    public Expr ParseQuery()
    {
        if (token.Kind == TokenKind.EndOfInput) throw Error(0, "no expression found in input");
        var parsed = ParseExpr(0);
        if (token.Kind != TokenKind.EndOfInput) throw Unexpected("", "an operator or end of input");
        return parsed.Expr;
    }

    private Parsed ParseExpr(int looseEnough)
    {
        if (++depth > PromQLParser.MaxNesting)
            throw Error(token.From, $"the expression nests deeper than {PromQLParser.MaxNesting} levels");
        var left = ParseUnaryExpr();
        while (token.IsBinaryOperator && token.BinaryOperator.Precedence() >= looseEnough) left = ParseBinaryExpr(left);
        depth--;
        return left;
    }

    /// <summary>
    /// A sign binds like <c>*</c>: looser than <c>^</c>, so that <c>-2^2</c> is -4, and it becomes part of a bare number.
    /// </summary>
    private Parsed ParseUnaryExpr()
    {
        if (token.Kind is not (TokenKind.Add or TokenKind.Subtract)) return ParseModified();
        var from = token.From;
        var op = token.Kind == TokenKind.Add ? UnaryOperator.Plus : UnaryOperator.Minus;
        Advance();
        var operand = ParseExpr(Operators.PowerPrecedence);
        if (operand.Expr is NumberLiteral number)
            return operand with { From = from, Expr = op == UnaryOperator.Minus ? new NumberLiteral(-number.Value) : number };
        if (operand.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            var found = Printer.Quote(operand.Type.Documented());
            throw Error(from, $"unary expression only allowed on expressions of type scalar or instant vector, got {found}");
        }
        return Grown(new UnaryExpr(op, operand.Expr), from, operand.Type, operand.Height);
    }

    private Parsed ParsePrimary()
    {
        var from = token.From;
        switch (token.Kind)
        {
            case TokenKind.Number or TokenKind.Duration:
                return new Parsed(NumberLiteral.Of(ParseNumberOrDuration()), from, ExprType.Scalar);
            case TokenKind.String:
                return new Parsed(new StringLiteral(ParseString()), from, ExprType.Text);
            case TokenKind.LeftParen:
                Advance();
                var inner = ParseExpr(0);
                Expect(TokenKind.RightParen, "", "an operator or \")\"");
                return Grown(new ParenExpr(inner.Expr), from, inner.Type, inner.Height);
            case TokenKind.LeftBrace:
                return ParseVectorSelector(null, from);
        }

        if (!token.IsMetricName) throw Unexpected("", "an expression");
        var word = token;
        Advance();
        if (word.IsAggregateOperator && token.Kind is TokenKind.LeftParen or TokenKind.By or TokenKind.Without)
            return ParseAggregateExpr(word);
        var callable = word.Kind is TokenKind.Identifier or >= TokenKind.Start;
        if (callable && token.Kind == TokenKind.LeftParen) return ParseCall(word);
        return ParseVectorSelector(Name.Of(Text(word)), from);
    }

    private Parsed ParseAggregateExpr(Token word)
    {
        var op = word.AggregateOperator;
        var modified = ParseAggregateModifier(out var grouping, out var without);
        if (token.Kind != TokenKind.LeftParen) throw Unexpected("aggregation", "\"(\"");
        var arguments = new ItemBuffer<Parsed>();
        var height = ParseArguments(ref arguments);
        if (!modified) ParseAggregateModifier(out grouping, out without);

        var parameter = op.ParameterType();
        var expected = parameter is null ? 1 : 2;
        if (arguments.Count == 0) throw Error(word.From, "no arguments for aggregate expression provided");
        if (arguments.Count != expected)
        {
            var counts = $"expected {expected}, got {arguments.Count}";
            throw Error(word.From, $"wrong number of arguments for aggregate expression provided, {counts}");
        }
        var aggregated = arguments[expected - 1];
        ExpectType(aggregated, ExprType.Vector, "aggregation expression");
        if (parameter is { } wanted) ExpectType(arguments[0], wanted, "aggregation parameter");

        var param = parameter is null ? null : arguments[0].Expr;
        return Grown(new AggregateExpr(op, aggregated.Expr, param, grouping, without), word.From, ExprType.Vector, height);
    }

    private bool ParseAggregateModifier(out ValueList<string> grouping, out bool without)
    {
        without = token.Kind == TokenKind.Without;
        grouping = default;
        if (!without && token.Kind != TokenKind.By) return false;
        Advance();
        grouping = ParseGroupingLabels();
        return true;
    }

    private Parsed ParseCall(Token word)
    {
        var function = Function.Find(Text(word)) ?? throw Error(word.From, $"unknown function with name {Printer.Quote(Text(word))}");
        var arguments = new ItemBuffer<Parsed>();
        var height = ParseArguments(ref arguments, function == Function.Info);
        if (arguments.Count < function.Minimum || arguments.Count > function.Maximum)
        {
            var (bound, limit) = function.Minimum == function.Maximum ? ("", function.Minimum)
                : arguments.Count < function.Minimum ? ("at least ", function.Minimum) : ("at most ", function.Maximum);
            throw Error(word.From, $"expected {bound}{limit} argument(s) in call to \"{function.Name}\", got {arguments.Count}");
        }
        if (function == Function.Info && arguments.Count > 1) CheckInfoSelector(arguments[1]);
        var expressions = new Expr[arguments.Count];
        for (var i = 0; i < expressions.Length; i++)
        {
            ExpectType(arguments[i], function.TypeOf(i), "call to function", function.Name);
            expressions[i] = arguments[i].Expr;
        }
        return Grown(new Call(function, new ValueList<Expr>(expressions)), word.From, function.ReturnType, height);
    }

    /// <summary>The second argument of info is a selector without a name, bare; it is the one that may select everything.</summary>
    private readonly void CheckInfoSelector(Parsed argument)
    {
        if (argument.Expr is not VectorSelector selector) throw Error(argument.From, "expected label selectors only");
        if (selector.Name is not null) throw Error(argument.From, "expected label selectors only, got vector selector instead");
    }

    /// <summary>Reads the arguments between parentheses.</summary>
    /// <returns>The height of the highest.</returns>
    private int ParseArguments(ref ItemBuffer<Parsed> arguments, bool ofInfo = false)
    {
        var height = 0;
        Advance();
        while (token.Kind != TokenKind.RightParen)
        {
            if (ofInfo && arguments.Count == 1) labelsOnlyAt = token.From;
            var parsed = ParseExpr(0);
            arguments.Add(parsed);
            height = Math.Max(height, parsed.Height);
            if (token.Kind == TokenKind.RightParen) break;
            var comma = token.From;
            Expect(TokenKind.Comma, "", "an operator, \",\" or \")\"");
            if (token.Kind == TokenKind.RightParen) throw Error(comma, "trailing commas not allowed in function call args");
        }
        Advance();
        return height;
    }

    private readonly void ExpectType(Parsed found, ExprType wanted, string context, string function = "")
    {
        if (found.Type == wanted) return;
        if (function.Length > 0) context += $" \"{function}\"";
        throw Error(found.From, $"expected type {wanted.Documented()} in {context}, got {found.Type.Documented()}");
    }

    /// <summary>One more level on top of the highest child; the limit keeps walks over the tree within the stack.</summary>
    private readonly Parsed Grown(Expr expr, int from, ExprType type, int highestChild) =>
        highestChild < PromQLParser.MaxHeight
            ? new Parsed(expr, from, type, highestChild + 1)
            : throw Error(from, $"the expression chains or nests more than {PromQLParser.MaxHeight} operators");

    private double ParseNumber()
    {
        var value = Literals.Number(Text(token), out var fault) ?? throw Error(token.From, fault);
        Advance();
        return value;
    }

    /// <summary>A number as Prometheus 3 reads them: a duration counts as its seconds.</summary>
    private double ParseNumberOrDuration() =>
        token.Kind == TokenKind.Duration ? Literals.Seconds(ParseDuration()) : ParseNumber();

    private string ParseString()
    {
        var value = Literals.Unquote(Text(token));
        Advance();
        return value;
    }

    private void Advance() => token = lexer.Next();

    private void Expect(TokenKind kind, string context, string expected)
    {
        if (token.Kind != kind) throw Unexpected(context, expected);
        Advance();
    }

    /// <summary>Takes the word here as a name.</summary>
    private string NameText()
    {
        var name = Name.Of(Text(token));
        Advance();
        return name;
    }

    private readonly ReadOnlySpan<char> Text(Token of) => query.AsSpan(of.From, of.To - of.From);

    private readonly PromQLParseException Unexpected(string context, string expected)
    {
        var place = context.Length > 0 ? " in " + context : "";
        return Error(token.From, $"unexpected {token.Describe(query)}{place}, expected {expected}");
    }

    private readonly PromQLParseException Error(int at, string reason) => PromQLParseException.At(query, at, reason);
}
