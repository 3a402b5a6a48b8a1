namespace AivenMetrics.PromQL;

/// <summary>Parses selectors with their matchers, and the postfix forms: ranges, subqueries, offset and <c>@</c>.</summary>
internal ref partial struct ExprParser
{
    public VectorSelector ParseMetricSelector()
    {
        if (!_token.IsMetricName && _token.Kind != TokenKind.LeftBrace)
        {
            throw Unexpected("", "a metric name or \"{\"");
        }
        string? name = null;
        if (_token.Kind != TokenKind.LeftBrace)
        {
            name = ParseName();
        }
        var selector = new VectorSelector(name, _token.Kind == TokenKind.LeftBrace ? ParseLabelMatchers() : default);
        if (_token.Kind != TokenKind.EndOfInput)
        {
            throw Unexpected("", selector.Matchers.Count == 0 ? "\"{\" or end of input" : "end of input");
        }
        if (!IsSelective(selector))
        {
            throw Error(0, "match[] must contain at least one non-empty matcher");
        }
        return selector;
    }

    private Parsed ParseVectorSelector(string? name, int from)
    {
        if (++_selectors > PromQLParser.MaxSelectors)
        {
            throw Error(from, $"the query has more than {PromQLParser.MaxSelectors} selectors");
        }
        var selector = new VectorSelector(name, _token.Kind == TokenKind.LeftBrace ? ParseLabelMatchers() : default);
        if (name is null)
        {
            // The enclosing call decides whether an empty selector is allowed; it is checked there.
            if (from != _labelsOnlyAt && !IsSelective(selector))
            {
                throw Error(from, "vector selector must contain at least one non-empty matcher");
            }
            return new Parsed(selector, from, ExprType.Vector);
        }
        foreach (var matcher in selector.Matchers)
        {
            if (matcher.Name != "__name__")
            {
                continue;
            }
            throw Error(from, $"metric name must not be set twice: {Printer.Quote(name)} or {Printer.Quote(matcher.Value)}");
        }
        return new Parsed(selector, from, ExprType.Vector);
    }

    private static bool IsSelective(VectorSelector selector)
    {
        if (selector.Name is not null)
        {
            return true;
        }
        foreach (var matcher in selector.Matchers)
        {
            if (!matcher.MatchesEmpty())
            {
                return true;
            }
        }
        return false;
    }

    private ValueList<LabelMatcher> ParseLabelMatchers()
    {
        var matchers = new ValueListBuilder<LabelMatcher>();
        Advance();
        while (_token.Kind != TokenKind.RightBrace)
        {
            matchers.Add(ParseLabelMatcher());
            if (_token.Kind == TokenKind.RightBrace)
            {
                break;
            }
            Expect(TokenKind.Comma, "label matching", "\",\" or \"}\"");
        }
        Advance();
        return matchers.ToList();
    }

    private LabelMatcher ParseLabelMatcher()
    {
        if (_token.Kind is not (TokenKind.Identifier or TokenKind.String))
        {
            throw Unexpected("label matching", "identifier or \"}\"");
        }
        var from = _token.Start;
        var quoted = _token.Kind == TokenKind.String;
        var name = quoted ? ParseString() : ParseName();
        // A quoted string without an operator is the metric name.
        if (quoted && _token.Kind is TokenKind.Comma or TokenKind.RightBrace)
        {
            return new LabelMatcher("__name__", MatchType.Equal, name);
        }
        var type = _token.Kind switch
        {
            TokenKind.Assign => MatchType.Equal,
            TokenKind.NotEqual => MatchType.NotEqual,
            TokenKind.EqualRegex => MatchType.Regex,
            TokenKind.NotRegex => MatchType.NotRegex,
            _ => throw Unexpected("label matching", "label matching operator"),
        };
        Advance();
        if (_token.Kind != TokenKind.String)
        {
            throw Unexpected("label matching", "string");
        }
        var value = ParseString();
        if (type is MatchType.Regex or MatchType.NotRegex && MatcherRegex.Check(value).Error is { } fault)
        {
            throw Error(from, $"error parsing regexp: {fault}");
        }
        return new LabelMatcher(name, type, value);
    }

    /// <summary>Parses the labels in parentheses after by, without, on, ignoring, group_left and group_right.</summary>
    private ValueList<string> ParseGroupingLabels()
    {
        const string context = "grouping opts";
        var labels = new ValueListBuilder<string>();
        Expect(TokenKind.LeftParen, context, "\"(\"");
        while (_token.Kind != TokenKind.RightParen)
        {
            labels.Add(_token.Kind == TokenKind.String ? ParseQuotedLabel() : ParseGroupingLabel(context));
            if (_token.Kind == TokenKind.RightParen)
            {
                break;
            }
            Expect(TokenKind.Comma, context, "\",\" or \")\"");
        }
        Advance();
        return labels.ToList();
    }

    private string ParseGroupingLabel(string context) => _token.IsGroupingLabel ? ParseName() : throw Unexpected(context, "label");

    private string ParseQuotedLabel()
    {
        var from = _token.Start;
        var label = ParseString();
        return label.Length > 0 && !Literals.HasLoneSurrogate(label)
            ? label
            : throw Error(from, $"invalid label name for grouping: {Printer.Quote(label)}");
    }

    /// <summary>Parses a primary expression with its postfix modifiers, which bind tighter than any operator.</summary>
    private Parsed ParsePostfixExpr()
    {
        var parsed = ParsePrimary();
        var offsetLast = false;
        while (true)
        {
            switch (_token.Kind)
            {
                case TokenKind.LeftBracket:
                    parsed = ParseRange(parsed);
                    break;
                case TokenKind.Offset:
                    parsed = parsed with { Expr = ParseOffsetExpr(parsed) };
                    break;
                case TokenKind.At:
                    parsed = parsed with { Expr = ParseAtExpr(parsed) };
                    break;
                case TokenKind.Anchored or TokenKind.Smoothed:
                    parsed = parsed with { Expr = ParseExtendedRange(parsed) };
                    break;
                default:
                    // Versions of Prometheus 3 disagree on whether a following operator belongs to this offset. Parentheses make the
                    // meaning explicit.
                    return offsetLast && parsed.Expr is VectorSelector { Offset.Expr: not null } && _token.IsBinaryOperator
                        ? AddLevel(new ParenExpr(parsed.Expr), parsed.Start, parsed.Type, parsed.Height)
                        : parsed;
            }
            offsetLast = true;
        }
    }

    private Parsed ParseRange(Parsed operand)
    {
        const string context = "subquery or range selector";
        var bracket = _token.Start;
        Advance();
        var range = ParsePositiveDuration(context);
        if (_token.Kind == TokenKind.Colon)
        {
            Advance();
            var step = _token.Kind == TokenKind.RightBracket ? default : ParsePositiveDuration("subquery selector");
            Expect(TokenKind.RightBracket, "subquery selector", "\"]\"");
            if (operand.Type != ExprType.Vector)
            {
                throw Error(operand.Start, $"subquery is only allowed on instant vector, got {operand.Type.DocumentedType()} instead");
            }
            return AddLevel(new SubqueryExpr(operand.Expr, range, step), operand.Start, ExprType.Matrix, operand.Height);
        }

        Expect(TokenKind.RightBracket, "subquery or range", "\":\" or \"]\"");
        if (operand.Expr is not VectorSelector selector)
        {
            throw Error(bracket, "ranges only allowed for vector selectors");
        }
        // Prometheus 3.5 rejects only a fixed offset here. It accepts a computed offset and applies it as if it stood after the range.
        if (selector.Offset is { IsZero: false, Expr: null or DurationQueryProperty })
        {
            throw Error(bracket, "no offset modifiers allowed before range");
        }
        if (selector.At is { Kind: AtKind.Timestamp })
        {
            throw Error(bracket, "no @ modifiers allowed before range");
        }
        return AddLevel(new MatrixSelector(selector, range), operand.Start, ExprType.Matrix, operand.Height);
    }

    private Expr ParseOffsetExpr(Parsed operand)
    {
        Advance();
        var offset = ParseOffsetDuration();
        return operand.Expr switch
        {
            VectorSelector { Offset.IsZero: true } selector => selector with { Offset = offset },
            MatrixSelector { Selector.Offset.IsZero: true } matrix => matrix with { Selector = matrix.Selector with { Offset = offset } },
            SubqueryExpr { Offset.IsZero: true } subquery => subquery with { Offset = offset },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Error(operand.Start, "offset may not be set multiple times"),
            _ => throw Error(operand.Start, "offset modifier " + PrecededBy),
        };
    }

    private Expr ParseExtendedRange(Parsed operand)
    {
        var reading = _token.Kind == TokenKind.Anchored ? ExtendedRangeMode.Anchored : ExtendedRangeMode.Smoothed;
        Advance();
        return operand.Expr switch
        {
            VectorSelector selector => WithExtendedRange(selector, reading, operand.Start),
            MatrixSelector matrix => matrix with { Selector = WithExtendedRange(matrix.Selector, reading, operand.Start) },
            SubqueryExpr => throw Error(operand.Start, "anchored and smoothed are not supported for subqueries"),
            _ => throw Error(operand.Start, "anchored and smoothed must be preceded by a selector"),
        };
    }

    private readonly VectorSelector WithExtendedRange(VectorSelector selector, ExtendedRangeMode reading, int from) =>
        selector.ExtendedRange == ExtendedRangeMode.None || selector.ExtendedRange == reading
            ? selector with
            {
                ExtendedRange = reading,
            }
            : throw Error(from, "anchored and smoothed modifiers cannot be used together");

    private Expr ParseAtExpr(Parsed operand)
    {
        Advance();
        var at = ParseAtModifier(operand.Start);
        return operand.Expr switch
        {
            VectorSelector { At: null } selector => selector with { At = at },
            MatrixSelector { Selector.At: null } matrix => matrix with { Selector = matrix.Selector with { At = at } },
            SubqueryExpr { At: null } subquery => subquery with { At = at },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Error(operand.Start, "@ <timestamp> may not be set multiple times"),
            _ => throw Error(operand.Start, "@ modifier " + PrecededBy),
        };
    }

    private const string PrecededBy = "must be preceded by an instant vector selector or range vector selector or a subquery";

    private AtModifier ParseAtModifier(int from)
    {
        if (_token.Kind is TokenKind.Start or TokenKind.End)
        {
            var kind = _token.Kind == TokenKind.Start ? AtKind.Start : AtKind.End;
            Advance();
            Expect(TokenKind.LeftParen, "@", "\"(\"");
            Expect(TokenKind.RightParen, "@", "\")\"");
            return new AtModifier(kind);
        }

        var negative = _token.Kind == TokenKind.Subtract;
        if (negative || _token.Kind == TokenKind.Add)
        {
            Advance();
        }
        if (_token.Kind is not (TokenKind.Number or TokenKind.Duration))
        {
            throw Unexpected("@", "timestamp");
        }
        var text = Text(_token);
        var seconds = ParseNumberOrDuration();
        if (negative)
        {
            seconds = -seconds;
        }
        // As in Prometheus: seconds must fit into a 64-bit integer.
        if (!(Math.Abs(seconds) < long.MaxValue))
        {
            throw Error(from, $"timestamp out of bounds for @ modifier: {(negative ? "-" : "")}{text}");
        }
        return new AtModifier(AtKind.Timestamp, seconds);
    }
}
