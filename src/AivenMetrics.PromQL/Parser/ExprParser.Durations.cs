namespace AivenMetrics.PromQL;

/// <summary>
/// Parses durations in brackets and after offset. Since Prometheus 3 they may be seconds or expressions. Operators and precedences are the
/// same as between scalars. A duration contains no selectors.
/// </summary>
internal ref partial struct ExprParser
{
    private const string ExpectedDuration = "number, duration, step() or range()";

    // As in Prometheus: the largest number of seconds that fits into 64 bits of nanoseconds.
    private const double MaxSeconds = 9_223_372_036.854775808;

    /// <summary>
    /// Parses a range or a step in brackets: the tokens up to the colon or the right bracket. The duration must be greater than zero.
    /// </summary>
    private Duration ParsePositiveDuration(string context)
    {
        var from = _token.Start;
        _durationOperators = 0;
        DurationExpr expr;
        if (_token.Kind == TokenKind.Duration)
        {
            // Most durations are a single literal, which needs no tree.
            var length = ParseDuration();
            if (length > TimeSpan.Zero && _token.Kind is TokenKind.RightBracket or TokenKind.Colon)
            {
                return length;
            }
            expr = ParseDurationOperators(new DurationLiteral(length), 0, context);
        }
        else
        {
            expr = ParseDurationExpr(0, context);
        }
        if (expr is DurationNumber { Seconds: <= 0 } or DurationLiteral { Value.Ticks: <= 0 })
        {
            throw Error(from, "duration must be greater than 0");
        }
        // A positive duration that rounds to zero is still valid.
        var simplified = Simplify(expr);
        return simplified.IsZero ? expr : simplified;
    }

    /// <summary>
    /// Parses the duration of an offset. A following operator usually belongs to the query: <c>a offset 5m + 1</c> adds 1 to a. The
    /// duration therefore ends after the first number, call or signed parentheses. Only after unsigned parentheses or two signs does an
    /// operator belong to the duration.
    /// </summary>
    private Duration ParseOffsetDuration()
    {
        const string context = "offset";
        var first = _token.Kind;
        if (first == TokenKind.Duration)
        {
            return ParseDuration();
        }
        _durationOperators = 0;
        var signed = first is TokenKind.Add or TokenKind.Subtract;
        if (signed)
        {
            Advance();
        }
        DurationExpr expr;
        if (signed && _token.Kind is TokenKind.Add or TokenKind.Subtract)
        {
            expr = ParseDurationExpr(Operators.PowerPrecedence, context);
            expr = ParseDurationOperators(ApplySign(first, expr), 0, context);
        }
        else if (first == TokenKind.LeftParen)
        {
            expr = ParseDurationExpr(0, context);
        }
        else
        {
            expr = ParseDurationPrimary(context);
            if (signed)
            {
                expr = ApplySign(first, expr);
            }
        }
        // With parentheses the duration ends here, whatever token follows.
        return Simplify(Operators.IsSelfDelimiting(expr) ? expr : new DurationParen(expr));
    }

    private DurationExpr ParseDurationExpr(int minPrecedence, string context)
    {
        if (++_depth > PromQLParser.MaxNesting)
        {
            throw Error(_token.Start, $"the expression nests deeper than {PromQLParser.MaxNesting} levels");
        }
        DurationExpr left;
        if (_token.Kind is TokenKind.Add or TokenKind.Subtract)
        {
            var sign = _token.Kind;
            Advance();
            left = ApplySign(sign, ParseDurationExpr(Operators.PowerPrecedence, context));
        }
        else
        {
            left = ParseDurationPrimary(context);
        }
        left = ParseDurationOperators(left, minPrecedence, context);
        _depth--;
        return left;
    }

    private DurationExpr ParseDurationOperators(DurationExpr left, int minPrecedence, string context)
    {
        while (
            _token.IsBinaryOperator && _token.BinaryOperator.IsArithmeticOperator() && _token.BinaryOperator.Precedence() >= minPrecedence
        )
        {
            // The height of the tree is the number of operators in the chain.
            if (++_durationOperators > PromQLParser.MaxNesting)
            {
                throw Error(_token.Start, $"the duration has more than {PromQLParser.MaxNesting} operators");
            }
            var op = _token.BinaryOperator;
            var at = _token.Start;
            Advance();
            var right = ParseDurationExpr(op == BinaryOperator.Power ? op.Precedence() : op.Precedence() + 1, context);
            if (right is DurationNumber { Seconds: 0 } or DurationLiteral { Value.Ticks: 0 })
            {
                if (op == BinaryOperator.Divide)
                {
                    throw Error(at, "division by zero");
                }
                if (op == BinaryOperator.Modulo)
                {
                    throw Error(at, "modulo by zero");
                }
            }
            left = new DurationBinary(op, left, right);
        }
        return left;
    }

    private DurationExpr ParseDurationPrimary(string context)
    {
        var word = _token;
        switch (word.Kind)
        {
            case TokenKind.Number:
                var seconds = ParseNumber();
                return Math.Abs(seconds) > MaxSeconds ? throw Error(word.Start, "duration out of range") : new DurationNumber(seconds);
            case TokenKind.Duration:
                return new DurationLiteral(ParseDuration());
            case TokenKind.LeftParen:
                Advance();
                var inner = ParseDurationExpr(0, context);
                Expect(TokenKind.RightParen, context, "\")\"");
                return new DurationParen(inner);
            case TokenKind.Step or TokenKind.Range:
                Advance();
                Expect(TokenKind.LeftParen, context, "\"(\"");
                Expect(TokenKind.RightParen, context, "\")\"");
                return new DurationQueryProperty(word.Kind == TokenKind.Step ? QueryProperty.Step : QueryProperty.Range);
            case TokenKind.MaxOf or TokenKind.MinOf:
                Advance();
                Expect(TokenKind.LeftParen, context, "\"(\"");
                var first = ParseDurationExpr(0, context);
                Expect(TokenKind.Comma, context, "\",\"");
                var second = ParseDurationExpr(0, context);
                Expect(TokenKind.RightParen, context, "\")\"");
                return new DurationMinMax(word.Kind == TokenKind.MaxOf, first, second);
            default:
                throw Unexpected(context, ExpectedDuration);
        }
    }

    /// <summary>Applies a sign. A minus becomes part of a bare number; a plus has no effect.</summary>
    private static DurationExpr ApplySign(TokenKind sign, DurationExpr expr) =>
        (sign, expr) switch
        {
            (TokenKind.Add, _) => expr,
            (_, DurationNumber number) => new DurationNumber(-number.Seconds),
            (_, DurationLiteral literal) => new DurationLiteral(-literal.Value),
            _ => new DurationNegation(expr),
        };

    /// <summary>Returns a fixed length if every Prometheus version can read the duration. The printer writes it with units.</summary>
    private static Duration Simplify(DurationExpr expr) =>
        expr switch
        {
            DurationLiteral literal => literal.Value,
            DurationNumber number when Literals.FromSeconds(number.Seconds) is { } length => length,
            _ => expr,
        };

    private TimeSpan ParseDuration()
    {
        var value = Literals.ParseDuration(Text(_token), out var fault) ?? throw Error(_token.Start, fault);
        Advance();
        return value;
    }
}
