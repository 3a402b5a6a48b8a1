namespace AivenMetrics.PromQL;

/// <summary>Writes durations. Whole milliseconds are written with units, which every Prometheus version can read.</summary>
internal ref partial struct ExprWriter
{
    private void WriteRange(Duration range)
    {
        if (range.Expr is not null)
        {
            WriteDuration(range.Expr);
        }
        else if (range.Fixed > TimeSpan.Zero)
        {
            WriteDuration(range.Fixed);
        }
        else
        {
            throw new ArgumentException("A range must be greater than zero.", nameof(range));
        }
    }

    private void WriteOffset(Duration offset)
    {
        if (offset.IsZero)
        {
            return;
        }
        _buffer.Append(" offset ");
        if (offset.Expr is null)
        {
            WriteDuration(offset.Fixed);
        }
        else if (Operators.IsSelfDelimiting(offset.Expr))
        {
            WriteDuration(offset.Expr);
        }
        else
        {
            WriteInParens(offset.Expr);
        }
    }

    private void WriteDuration(DurationExpr expr)
    {
        switch (expr)
        {
            case DurationLiteral literal:
                WriteDuration(literal.Value);
                break;
            case DurationNumber number:
                _buffer.Append(number.Seconds);
                break;
            case DurationQueryProperty ofQuery:
                _buffer.Append(ofQuery.Property == QueryProperty.Step ? "step()" : "range()");
                break;
            case DurationMinMax choice:
                _buffer.Append(choice.IsMax ? "max_of(" : "min_of(");
                WriteDuration(choice.First);
                _buffer.Append(", ");
                WriteDuration(choice.Second);
                _buffer.Append(')');
                break;
            case DurationParen paren:
                WriteInParens(paren.Expr);
                break;
            case DurationNegation minus:
                _buffer.Append('-');
                // Without parentheses, the sign would become part of the number.
                var loose = minus.Expr is DurationNumber or DurationLiteral or DurationBinary { Op: not BinaryOperator.Power };
                WriteDuration(minus.Expr, parens: loose);
                break;
            case DurationBinary binary:
                WriteBinary(binary);
                break;
            default:
                throw new ArgumentException($"Durations of type {expr.GetType().Name} cannot be printed.", nameof(expr));
        }
    }

    /// <summary>Writes a binary duration expression with the same rules for parentheses as for other expressions.</summary>
    private void WriteBinary(DurationBinary binary)
    {
        if (!binary.Op.IsArithmeticOperator())
        {
            throw new ArgumentException($"The operator {binary.Op} is not valid in durations.", nameof(binary));
        }
        var precedence = binary.Op.Precedence();
        var rightAssociative = binary.Op == BinaryOperator.Power;
        WriteDuration(binary.Lhs, parens: PrecedenceOf(binary.Lhs) <= (rightAssociative ? precedence : precedence - 1));
        _buffer.Append(' ');
        _buffer.Append(binary.Op.Text());
        _buffer.Append(' ');
        WriteDuration(
            binary.Rhs,
            parens: binary.Rhs is DurationBinary right && right.Op.Precedence() <= (rightAssociative ? precedence - 1 : precedence)
        );
    }

    private static int PrecedenceOf(DurationExpr expr) =>
        expr switch
        {
            DurationBinary binary => binary.Op.Precedence(),
            DurationNegation => Operators.PowerPrecedence - 1,
            DurationLiteral { Value.Ticks: < 0 } => Operators.PowerPrecedence - 1,
            DurationNumber number when IsSigned(number.Seconds) => Operators.PowerPrecedence - 1,
            _ => Operators.PowerPrecedence + 1,
        };

    private void WriteDuration(DurationExpr expr, bool parens)
    {
        if (parens)
        {
            WriteInParens(expr);
        }
        else
        {
            WriteDuration(expr);
        }
    }

    private void WriteInParens(DurationExpr expr)
    {
        _buffer.Append('(');
        WriteDuration(expr);
        _buffer.Append(')');
    }

    /// <summary>
    /// Writes a duration as Prometheus does. Years and weeks appear only for exact multiples, because 90d is easier to read than 12w6d.
    /// </summary>
    private void WriteDuration(TimeSpan duration)
    {
        var left = duration.Ticks / TimeSpan.TicksPerMillisecond;
        if (left * TimeSpan.TicksPerMillisecond != duration.Ticks)
        {
            throw new ArgumentException("A duration must be in whole milliseconds.", nameof(duration));
        }
        if (left == 0)
        {
            _buffer.Append("0s");
        }
        if (left < 0)
        {
            _buffer.Append('-');
        }
        left = Math.Abs(left);
        if (left % 31_536_000_000 == 0)
        {
            WriteUnits(ref left, 31_536_000_000, "y");
        }
        if (left % 604_800_000 == 0)
        {
            WriteUnits(ref left, 604_800_000, "w");
        }
        WriteUnits(ref left, 86_400_000, "d");
        WriteUnits(ref left, 3_600_000, "h");
        WriteUnits(ref left, 60_000, "m");
        WriteUnits(ref left, 1_000, "s");
        WriteUnits(ref left, 1, "ms");
    }

    private void WriteUnits(ref long milliseconds, long unit, string name)
    {
        var units = milliseconds / unit;
        if (units == 0)
        {
            return;
        }
        _buffer.Append(units);
        _buffer.Append(name);
        milliseconds -= units * unit;
    }
}
