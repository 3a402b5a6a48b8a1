namespace AivenMetrics.PromQL;

/// <summary>Selectors with their matchers, and what may follow an expression: ranges, subqueries, offset and <c>@</c>.</summary>
internal ref partial struct ExprParser
{
    public VectorSelector ParseMetricSelector()
    {
        if (!token.IsMetricName && token.Kind != TokenKind.LeftBrace) throw Unexpected("", "a metric name or \"{\"");
        string? name = null;
        if (token.Kind != TokenKind.LeftBrace)
        {
            name = Text(token).ToString();
            Advance();
        }
        var selector = new VectorSelector(name, token.Kind == TokenKind.LeftBrace ? ParseLabelMatchers() : default);
        if (token.Kind != TokenKind.EndOfInput)
            throw Unexpected("", selector.Matchers.Count == 0 ? "\"{\" or end of input" : "end of input");
        if (!IsSelective(selector)) throw Error(0, "match[] must contain at least one non-empty matcher");
        return selector;
    }

    private Parsed ParseVectorSelector(string? name, int from)
    {
        if (++selectors > PromQLParser.MaxSelectors)
            throw Error(from, $"the query has more than {PromQLParser.MaxSelectors} selectors");
        var selector = new VectorSelector(name, token.Kind == TokenKind.LeftBrace ? ParseLabelMatchers() : default);
        if (name is null)
        {
            if (!IsSelective(selector)) throw Error(from, "vector selector must contain at least one non-empty matcher");
        }
        else
        {
            foreach (var matcher in selector.Matchers)
            {
                if (matcher.Name != "__name__") continue;
                throw Error(from, $"metric name must not be set twice: {Printer.Quote(name)} or {Printer.Quote(matcher.Value)}");
            }
        }
        return new Parsed(selector, from, ExprType.Vector);
    }

    private static bool IsSelective(VectorSelector selector)
    {
        if (selector.Name is not null) return true;
        foreach (var matcher in selector.Matchers)
            if (!matcher.MatchesEmpty()) return true;
        return false;
    }

    private ValueList<LabelMatcher> ParseLabelMatchers()
    {
        var matchers = new ItemBuffer<LabelMatcher>();
        Advance();
        while (token.Kind != TokenKind.RightBrace)
        {
            matchers.Add(ParseLabelMatcher());
            if (token.Kind == TokenKind.RightBrace) break;
            Expect(TokenKind.Comma, "label matching", "\",\" or \"}\"");
        }
        Advance();
        return matchers.ToList();
    }

    private LabelMatcher ParseLabelMatcher()
    {
        if (token.Kind != TokenKind.Identifier) throw Unexpected("label matching", "identifier or \"}\"");
        var from = token.From;
        var name = Text(token).ToString();
        Advance();
        var type = token.Kind switch
        {
            TokenKind.Assign => MatchType.Equal,
            TokenKind.NotEqual => MatchType.NotEqual,
            TokenKind.EqualRegex => MatchType.Regex,
            TokenKind.NotRegex => MatchType.NotRegex,
            _ => throw Unexpected("label matching", "label matching operator"),
        };
        Advance();
        if (token.Kind != TokenKind.String) throw Unexpected("label matching", "string");
        var value = ParseString();
        if (type is MatchType.Regex or MatchType.NotRegex && MatcherRegex.Check(value).Fault is { } fault)
            throw Error(from, $"error parsing regexp: {fault}");
        return new LabelMatcher(name, type, value);
    }

    /// <summary>Labels in parentheses after by, without, on, ignoring, group_left and group_right.</summary>
    private ValueList<string> ParseGroupingLabels()
    {
        const string context = "grouping opts";
        var labels = new ItemBuffer<string>();
        Expect(TokenKind.LeftParen, context, "\"(\"");
        while (token.Kind != TokenKind.RightParen)
        {
            if (!token.IsGroupingLabel) throw Unexpected(context, "label");
            labels.Add(Text(token).ToString());
            Advance();
            if (token.Kind == TokenKind.RightParen) break;
            Expect(TokenKind.Comma, context, "\",\" or \")\"");
        }
        Advance();
        return labels.ToList();
    }

    /// <summary>A primary expression and all that is bound to it from behind; these bind tighter than any operator.</summary>
    private Parsed ParseModified()
    {
        var parsed = ParsePrimary();
        while (true)
        {
            switch (token.Kind)
            {
                case TokenKind.LeftBracket:
                    parsed = ParseRange(parsed);
                    break;
                case TokenKind.Offset:
                    parsed = parsed with { Expr = ParseOffset(parsed) };
                    break;
                case TokenKind.At:
                    parsed = parsed with { Expr = ParseAt(parsed) };
                    break;
                default:
                    return parsed;
            }
        }
    }

    private Parsed ParseRange(Parsed of)
    {
        var bracket = token.From;
        Advance();
        var range = ParseDuration("subquery selector", "duration");
        if (token.Kind == TokenKind.Colon)
        {
            Advance();
            TimeSpan? step = token.Kind == TokenKind.RightBracket ? null : ParseDuration("subquery selector", "duration or \"]\"");
            Expect(TokenKind.RightBracket, "subquery selector", "\"]\"");
            if (of.Type != ExprType.Vector)
                throw Error(of.From, $"subquery is only allowed on instant vector, got {of.Type.Documented()} instead");
            return Grown(new SubqueryExpr(of.Expr, range, step), of.From, ExprType.Matrix, of.Height);
        }

        Expect(TokenKind.RightBracket, "subquery or range", "\":\" or \"]\"");
        if (of.Expr is not VectorSelector selector) throw Error(bracket, "ranges only allowed for vector selectors");
        if (selector.Offset != TimeSpan.Zero) throw Error(bracket, "no offset modifiers allowed before range");
        if (selector.At is { Kind: AtKind.Timestamp }) throw Error(bracket, "no @ modifiers allowed before range");
        return Grown(new MatrixSelector(selector, range), of.From, ExprType.Matrix, of.Height);
    }

    private Expr ParseOffset(Parsed of)
    {
        Advance();
        var negative = token.Kind == TokenKind.Subtract;
        if (negative) Advance();
        var offset = ParseDuration("offset", "duration");
        if (negative) offset = -offset;
        return of.Expr switch
        {
            VectorSelector { Offset.Ticks: 0 } selector => selector with { Offset = offset },
            MatrixSelector { Selector.Offset.Ticks: 0 } matrix => matrix with { Selector = matrix.Selector with { Offset = offset } },
            SubqueryExpr { Offset.Ticks: 0 } subquery => subquery with { Offset = offset },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Error(of.From, "offset may not be set multiple times"),
            _ => throw Error(of.From, "offset modifier " + Preceded),
        };
    }

    private Expr ParseAt(Parsed of)
    {
        Advance();
        var at = ParseAtModifier(of.From);
        return of.Expr switch
        {
            VectorSelector { At: null } selector => selector with { At = at },
            MatrixSelector { Selector.At: null } matrix => matrix with { Selector = matrix.Selector with { At = at } },
            SubqueryExpr { At: null } subquery => subquery with { At = at },
            VectorSelector or MatrixSelector or SubqueryExpr => throw Error(of.From, "@ <timestamp> may not be set multiple times"),
            _ => throw Error(of.From, "@ modifier " + Preceded),
        };
    }

    private const string Preceded = "must be preceded by an instant vector selector or range vector selector or a subquery";

    private AtModifier ParseAtModifier(int from)
    {
        if (token.Kind is TokenKind.Start or TokenKind.End)
        {
            var kind = token.Kind == TokenKind.Start ? AtKind.Start : AtKind.End;
            Advance();
            Expect(TokenKind.LeftParen, "@", "\"(\"");
            Expect(TokenKind.RightParen, "@", "\")\"");
            return new AtModifier(kind);
        }

        var negative = token.Kind == TokenKind.Subtract;
        if (negative || token.Kind == TokenKind.Add) Advance();
        if (token.Kind != TokenKind.Number) throw Unexpected("@", "timestamp");
        var text = Text(token);
        var seconds = ParseNumber();
        if (negative) seconds = -seconds;
        // Prometheus' bounds are those of 64 bits, applied to the seconds.
        if (!(Math.Abs(seconds) < long.MaxValue))
            throw Error(from, $"timestamp out of bounds for @ modifier: {(negative ? "-" : "")}{text}");
        return new AtModifier(AtKind.Timestamp, seconds);
    }
}
