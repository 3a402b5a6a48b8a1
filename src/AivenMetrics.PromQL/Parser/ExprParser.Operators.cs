namespace AivenMetrics.PromQL;

/// <summary>Parses binary operators with their vector matching and applies the checks of Prometheus' parse.go.</summary>
internal ref partial struct ExprParser
{
    private Parsed ParseBinaryExpr(Parsed left)
    {
        var op = _token.BinaryOperator;
        var at = _token.Start;
        Advance();
        var returnBool = _token.Kind == TokenKind.Bool;
        if (returnBool)
        {
            Advance();
        }
        var matching = ParseVectorMatching();
        var fill = ParseFill();
        var right = ParseExpr(op == BinaryOperator.Power ? op.Precedence() : op.Precedence() + 1);

        CheckBinaryExpr(left, op, at, returnBool, matching, right);
        if (fill is not null)
        {
            CheckFill(left, op, right);
        }
        var bothVectors = left.Type == ExprType.Vector && right.Type == ExprType.Vector;
        var type = left.Type == ExprType.Scalar && right.Type == ExprType.Scalar ? ExprType.Scalar : ExprType.Vector;
        var expr = new BinaryExpr(op, left.Expr, right.Expr, returnBool, bothVectors ? matching : null) { Fill = fill };
        return AddLevel(expr, left.Start, type, Math.Max(left.Height, right.Height));
    }

    private VectorMatching? ParseVectorMatching()
    {
        if (_token.Kind is not (TokenKind.On or TokenKind.Ignoring))
        {
            return null;
        }
        var on = _token.Kind == TokenKind.On;
        Advance();
        var labels = ParseGroupingLabels();
        if (_token.Kind is not (TokenKind.GroupLeft or TokenKind.GroupRight))
        {
            return new VectorMatching(on, labels);
        }
        var group = _token.Kind == TokenKind.GroupLeft ? GroupModifier.Left : GroupModifier.Right;
        Advance();
        // A parenthesis here always starts the list of labels, never the right-hand side.
        return new VectorMatching(on, labels, group, _token.Kind == TokenKind.LeftParen ? ParseGroupingLabels() : default);
    }

    /// <summary>Parses <c>fill (x)</c>, or <c>fill_left (x)</c> and <c>fill_right (x)</c> in any order.</summary>
    private FillValues? ParseFill()
    {
        if (_token.Kind == TokenKind.Fill)
        {
            var both = ParseFillValue();
            return new FillValues(both, both);
        }
        double? left = null,
            right = null;
        while (true)
        {
            if (_token.Kind == TokenKind.FillLeft && left is null)
            {
                left = ParseFillValue();
            }
            else if (_token.Kind == TokenKind.FillRight && right is null)
            {
                right = ParseFillValue();
            }
            else
            {
                return left is null && right is null ? null : new FillValues(left, right);
            }
        }
    }

    private double ParseFillValue()
    {
        Advance();
        Expect(TokenKind.LeftParen, "fill", "\"(\"");
        var negative = _token.Kind == TokenKind.Subtract;
        if (negative || _token.Kind == TokenKind.Add)
        {
            Advance();
        }
        if (_token.Kind is not (TokenKind.Number or TokenKind.Duration))
        {
            throw Unexpected("fill", "number");
        }
        var value = ParseNumberOrDuration();
        Expect(TokenKind.RightParen, "fill", "\")\"");
        return negative ? -value : value;
    }

    private readonly void CheckFill(Parsed left, BinaryOperator op, Parsed right)
    {
        if (left.Type != ExprType.Vector || right.Type != ExprType.Vector)
        {
            throw Error(left.Start, "filling in missing series only allowed between instant vectors");
        }
        if (op.IsSetOperator())
        {
            throw Error(left.Start, "filling in missing series not allowed for set operators");
        }
    }

    private readonly void CheckBinaryExpr(Parsed left, BinaryOperator op, int at, bool returnBool, VectorMatching? matching, Parsed right)
    {
        var scalar = left.Type == ExprType.Scalar || right.Type == ExprType.Scalar;
        if (returnBool && !op.IsComparisonOperator())
        {
            throw Error(at, "bool modifier can only be used on comparison operators");
        }
        if (op.IsComparisonOperator() && !returnBool && left.Type == ExprType.Scalar && right.Type == ExprType.Scalar)
        {
            throw Error(at, "comparisons between scalars must use BOOL modifier");
        }
        if (matching is { On: true })
        {
            CheckIncludedLabels(matching, at);
        }

        const string types = "binary expression must contain only scalar and instant vector types";
        if (left.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            throw Error(left.Start, types);
        }
        if (right.Type is not (ExprType.Scalar or ExprType.Vector))
        {
            throw Error(right.Start, types);
        }

        if (scalar && matching is { MatchingLabels.Count: > 0 })
        {
            throw Error(left.Start, "vector matching only allowed between instant vectors");
        }
        if (!op.IsSetOperator())
        {
            return;
        }
        if (scalar)
        {
            throw Error(left.Start, $"set operator \"{op.Text()}\" not allowed in binary scalar expression");
        }
        if (matching is { Group: not GroupModifier.None })
        {
            throw Error(left.Start, $"no grouping allowed for \"{op.Text()}\" operation");
        }
    }

    private readonly void CheckIncludedLabels(VectorMatching matching, int at)
    {
        foreach (var label in matching.MatchingLabels)
        {
            if (!matching.Include.AsSpan().Contains(label))
            {
                continue;
            }
            throw Error(at, $"label {Printer.Quote(label)} must not occur in ON and GROUP clause at once");
        }
    }
}
