namespace AivenMetrics.PromQL;

/// <summary>
/// Writes a syntax tree as text in the form that <see cref="Printer"/> documents. With a scope it writes the text of <see
/// cref="ScopeRewriter.Apply(Expr, TenantScope)"/>'s result without building that tree.
/// </summary>
internal ref partial struct ExprWriter(PrintBuffer buffer, TenantScope? scope = null)
{
    private readonly TenantScope? _scope = scope;
    private PrintBuffer _buffer = buffer;

    public override readonly string ToString() => _buffer.ToString();

    public void Dispose() => _buffer.Dispose();

    /// <exception cref="ArgumentException">The tree contains a node of an unknown type.</exception>
    public void Write(Expr expr)
    {
        switch (expr)
        {
            case VectorSelector selector:
                WriteSelector(selector);
                WriteModifiers(selector);
                break;
            case BinaryExpr binary:
                WriteBinary(binary);
                break;
            case Call call:
                _buffer.Append(call.Function.Name);
                WriteArguments(_scope is null ? call.Args : ScopeRewriter.WithInfoSelector(call).Args);
                break;
            case AggregateExpr aggregate:
                WriteAggregate(aggregate);
                break;
            case MatrixSelector matrix:
                WriteSelector(matrix.Selector);
                _buffer.Append('[');
                WriteRange(matrix.Range);
                _buffer.Append(']');
                WriteModifiers(matrix.Selector);
                break;
            case SubqueryExpr subquery:
                WriteSubquery(subquery);
                break;
            case ParenExpr paren:
                WriteInParens(paren.Expr);
                break;
            case UnaryExpr unary:
                _buffer.Append(unary.Op.Text());
                // Without parentheses, the sign would become part of the number.
                WriteOperand(unary.Expr, parens: unary.Expr is NumberLiteral || IsLooserThanSign(unary.Expr));
                break;
            case NumberLiteral number:
                _buffer.Append(number.Value);
                break;
            case StringLiteral text:
                WriteQuoted(text.Value);
                break;
            default:
                throw new ArgumentException($"Expressions of type {expr.GetType().Name} cannot be printed.", nameof(expr));
        }
    }

    private void WriteBinary(BinaryExpr binary)
    {
        var precedence = binary.Op.Precedence();
        var rightAssociative = binary.Op == BinaryOperator.Power;
        var left = binary.Lhs;
        // On the left of a right-associative operator, only tighter operators need no parentheses. A sign needs them: -1 ^ 2 is -(1 ^ 2).
        WriteOperand(left, parens: !IsTighterThan(left, rightAssociative ? precedence : precedence - 1) || EndsInOffsetExpr(left));

        _buffer.Append(' ');
        _buffer.Append(binary.Op.Text());
        _buffer.Append(' ');
        if (binary.ReturnBool)
        {
            _buffer.Append("bool ");
        }
        if (binary.Matching is { } matching)
        {
            WriteMatching(matching);
        }
        if (binary.Fill is { } fill)
        {
            WriteFill(fill);
        }

        var right = binary.Rhs;
        var signed = right is UnaryExpr or NumberLiteral;
        WriteOperand(right, parens: !signed && !IsTighterThan(right, rightAssociative ? precedence - 1 : precedence));
    }

    /// <summary>Returns true if the expression needs no parentheses next to an operator of this precedence.</summary>
    private static bool IsTighterThan(Expr expr, int precedence) =>
        expr switch
        {
            BinaryExpr binary => binary.Op.Precedence() > precedence,
            UnaryExpr => Operators.PowerPrecedence - 1 > precedence,
            NumberLiteral number => !IsSigned(number.Value) || Operators.PowerPrecedence - 1 > precedence,
            _ => true,
        };

    /// <summary>
    /// Returns true if some versions would parse a following operator as part of the expression's offset (see ExprParser.Durations.cs).
    /// </summary>
    private static bool EndsInOffsetExpr(Expr expr) =>
        expr switch
        {
            VectorSelector selector => selector.Offset.Expr is not null,
            BinaryExpr binary => EndsInOffsetExpr(binary.Rhs),
            UnaryExpr unary => EndsInOffsetExpr(unary.Expr),
            _ => false,
        };

    private static bool IsLooserThanSign(Expr expr) => expr is BinaryExpr { Op: not BinaryOperator.Power };

    /// <summary>Returns true if the number is written with a sign.</summary>
    private static bool IsSigned(double number) => !double.IsNaN(number) && double.IsNegative(number);

    private void WriteOperand(Expr expr, bool parens)
    {
        if (parens)
        {
            WriteInParens(expr);
        }
        else
        {
            Write(expr);
        }
    }

    private void WriteInParens(Expr expr)
    {
        _buffer.Append('(');
        Write(expr);
        _buffer.Append(')');
    }

    private void WriteMatching(VectorMatching matching)
    {
        _buffer.Append(matching.On ? "on " : "ignoring ");
        WriteLabels(matching.MatchingLabels);
        _buffer.Append(' ');
        if (matching.Group == GroupModifier.None)
        {
            return;
        }
        _buffer.Append(matching.Group == GroupModifier.Left ? "group_left " : "group_right ");
        WriteLabels(matching.Include);
        _buffer.Append(' ');
    }

    private void WriteFill(FillValues fill)
    {
        var same =
            fill.Left is { } left && fill.Right is { } right && left.Equals(right) && double.IsNegative(left) == double.IsNegative(right);
        if (same)
        {
            WriteFill("fill (", fill.Left);
        }
        else
        {
            WriteFill("fill_left (", fill.Left);
            WriteFill("fill_right (", fill.Right);
        }
    }

    private void WriteFill(string word, double? value)
    {
        if (value is not { } number)
        {
            return;
        }
        _buffer.Append(word);
        _buffer.Append(number);
        _buffer.Append(") ");
    }

    private void WriteAggregate(AggregateExpr aggregate)
    {
        _buffer.Append(aggregate.Op.Text());
        if (aggregate.Without || aggregate.Grouping.Count > 0)
        {
            _buffer.Append(aggregate.Without ? " without " : " by ");
            WriteLabels(aggregate.Grouping);
            _buffer.Append(' ');
        }
        _buffer.Append('(');
        if (aggregate.Param is not null)
        {
            Write(aggregate.Param);
            _buffer.Append(", ");
        }
        Write(aggregate.Expr);
        _buffer.Append(')');
    }

    private void WriteArguments(ValueList<Expr> arguments)
    {
        _buffer.Append('(');
        for (var i = 0; i < arguments.Count; i++)
        {
            if (i > 0)
            {
                _buffer.Append(", ");
            }
            Write(arguments[i]);
        }
        _buffer.Append(')');
    }

    private void WriteSubquery(SubqueryExpr subquery)
    {
        WriteOperand(subquery.Expr, parens: subquery.Expr is BinaryExpr or UnaryExpr or NumberLiteral);
        _buffer.Append('[');
        WriteRange(subquery.Range);
        _buffer.Append(':');
        if (!subquery.Step.IsZero)
        {
            WriteRange(subquery.Step);
        }
        _buffer.Append(']');
        WriteAt(subquery.At);
        WriteOffset(subquery.Offset);
    }
}
