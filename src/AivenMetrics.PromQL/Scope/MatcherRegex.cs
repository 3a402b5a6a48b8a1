namespace AivenMetrics.PromQL;

/// <summary>
/// Analyses the RE2 expression of a matcher without running it. Reports whether Prometheus would compile it, whether it matches the empty
/// string, and its size. Constructs that only some Prometheus versions accept are valid: names of Unicode classes, and bytes that are not
/// UTF-8.
/// </summary>
internal ref partial struct MatcherRegex
{
    // As in Go's regexp/syntax.
    private const int MaxNesting = 1000;
    private const int MaxRepeat = 1000;

    // Costs for a server, in units of one compiled character: about 250 bytes and 1 µs in Prometheus 2.42 and 3.5. A character costs 1, n
    // copies cost n. The other costs are chosen so that no kind of expression is more expensive than plain characters of the same size. The
    // measurements are in docs/decisions/0011-limits-and-fair-queues.md.
    private const int RegexSize = 8;
    private const int GroupSize = 3;

    // An optional item splits the search in two at each place where the expression is used.
    private const int OptionalSize = 10;

    // Prometheus 3 expands the texts that a chain of groups matches, up to 256, and copies them at each group.
    private const int CharactersPerGroupUnit = 8;

    private readonly ReadOnlySpan<char> _text;
    private Stack<GroupState>? _outer;
    private int _position;
    private string? _fault;

    // The group that is being parsed.
    private GroupState _group = GroupState.Initial;
    private bool _lastIsRepeat;

    // The cost of items that are built only once, even in repeated groups, and the additional cost of (?i).
    private long _madeOnce = RegexSize;
    private long _folding;
    private bool _folds;

    private MatcherRegex(ReadOnlySpan<char> text) => _text = text;

    /// <summary>The result of a check.</summary>
    /// <param name="Error">The reason why Prometheus would reject the expression; null if it is valid.</param>
    /// <param name="MatchesEmpty">True if the expression, anchored at both ends, matches the empty string.</param>
    /// <param name="Size">The cost for a server, with counts expanded. See <see cref="LabelMatcher.RegexSize"/>.</param>
    public readonly record struct CheckResult(string? Error, bool MatchesEmpty, long Size)
    {
        public CheckResult EnsureValid() => Error is null ? this : throw new FormatException($"error parsing regexp: {Error}");
    }

    /// <summary>Checks one expression in a single pass.</summary>
    public static CheckResult Check(ReadOnlySpan<char> expression)
    {
        if (!expression.ContainsAny(SpecialCharacters))
        {
            return new CheckResult(null, expression.IsEmpty, RegexSize + expression.Length);
        }
        var regex = new MatcherRegex(expression);
        while (regex._fault is null && regex._position < expression.Length)
        {
            regex.ParseItem();
        }
        if (regex._fault is null && regex._outer is { Count: > 0 })
        {
            regex._fault = "missing closing ): " + Printer.Quote(expression);
        }
        return new CheckResult(
            regex._fault,
            regex._group.MatchesEmpty,
            regex._group.Size + regex._madeOnce + (regex._folds ? regex._folding : 0)
        );
    }

    private void ParseItem()
    {
        var repeatBefore = _lastIsRepeat;
        _lastIsRepeat = false;
        var from = _position;
        var c = _text[_position++];
        switch (c)
        {
            case '(':
                OpenGroup();
                break;
            case ')':
                CloseGroup();
                break;
            case '|':
                _group = _group.WithAlternative();
                break;
            case '^' or '$':
                AddItem(true);
                break;
            case '[':
                ParseClass(from);
                break;
            case '*' or '?':
                ParseRepetition(from, repeatBefore, orNone: true);
                GrowLastItem(1, -1);
                break;
            case '+':
                ParseRepetition(from, repeatBefore, orNone: false);
                GrowLastItem(1, -1);
                break;
            case '{' when ParseCounts() is var (least, most) && least >= 0:
                if (least > MaxRepeat || most > MaxRepeat || (most >= 0 && least > most) || !TryMultiplyCopies(least, most))
                {
                    _fault = $"invalid repeat count: {Printer.Quote(_text[from.._position])}";
                }
                else
                {
                    ParseRepetition(from, repeatBefore, orNone: least == 0);
                }
                GrowLastItem(least, most);
                break;
            case '\\':
                ParseEscape(from);
                break;
            default:
                if (char.IsSurrogate(c))
                {
                    AcceptLowSurrogate(c);
                }
                AddItem(false);
                break;
        }
    }

    private void AddItem(bool matchesEmpty) => _group = _group.WithItem(matchesEmpty);

    /// <summary>Multiplies the counts of nested repetitions. Returns false if the product exceeds RE2's limit.</summary>
    private bool TryMultiplyCopies(int least, int most)
    {
        // {0} has no copies to count; {0,} counts as *.
        _group = _group with { LastCopies = most == 0 ? 1 : Math.Max(most < 0 ? least : most, 1) * _group.LastCopies };
        return _group.LastCopies <= MaxRepeat;
    }

    /// <summary>Adds the size of the copies that a repetition makes of the last item. The caller rejects counts above the limit.</summary>
    private void GrowLastItem(int least, int most)
    {
        if (_fault is not null)
        {
            return;
        }
        var one = _group.LastSize;
        if (most == 0)
        {
            _madeOnce += one;
            one = 0;
        }
        var size = most < 0 ? (Math.Max(least, 1) * one) + OptionalSize : (least * one) + ((most - least) * (one + OptionalSize));
        _group = _group with { LastSize = size };
    }

    private void ParseRepetition(int from, bool repeatBefore, bool orNone)
    {
        if (Peek() == '?')
        {
            _position++;
        }
        if (_group.LastMatchesEmpty is not { } last)
        {
            _fault = $"missing argument to repetition operator: {Printer.Quote(_text[from.._position])}";
        }
        else if (repeatBefore)
        {
            _fault = $"invalid nested repetition operator: {Printer.Quote(_text[(from - 1).._position])}";
        }
        else
        {
            _group = _group with { LastMatchesEmpty = orNone || last };
        }
        _lastIsRepeat = true;
    }

    /// <summary>
    /// Parses the rest of <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>. For other texts the brace is a literal character and the result is -1.
    /// </summary>
    private (int Least, int Most) ParseCounts()
    {
        var from = _position;
        var least = ParseCount();
        var most = least;
        if (least >= 0 && Peek() == ',')
        {
            _position++;
            most = Peek() == '}' ? -1 : ParseCount();
            if (most == -2)
            {
                least = -1;
            }
        }
        if (least >= 0 && Peek() == '}' && _position < _text.Length)
        {
            _position++;
            return (least, most);
        }
        _position = from;
        return (-1, -1);
    }

    /// <summary>
    /// Parses a decimal number without leading zeros. Returns -2 if there is none, and a value above the limit for longer numbers.
    /// </summary>
    private int ParseCount()
    {
        var from = _position;
        while (char.IsAsciiDigit(Peek()))
        {
            _position++;
        }
        var digits = _text[from.._position];
        if (digits.IsEmpty || (digits.Length > 1 && digits[0] == '0'))
        {
            return -2;
        }
        return digits.Length > 4 ? MaxRepeat + 1 : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }

    private readonly char Peek() => _position < _text.Length ? _text[_position] : '\0';

    /// <summary>Consumes the second half of a surrogate pair.</summary>
    private bool AcceptLowSurrogate(char first)
    {
        if (!char.IsHighSurrogate(first) || !char.IsLowSurrogate(Peek()))
        {
            return false;
        }
        _position++;
        return true;
    }
}
