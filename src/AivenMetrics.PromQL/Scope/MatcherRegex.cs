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

    /// <summary>The state of one group.</summary>
    /// <param name="AlternativeMatchesEmpty">True if an alternative before the last <c>|</c> matches the empty string.</param>
    /// <param name="ItemsMatchEmpty">True if all items of the current alternative, except the last one, match the empty string.</param>
    /// <param name="LastMatchesEmpty">True if the last item matches the empty string; null if there is no item to repeat.</param>
    /// <param name="Copies">Maximum number of copies of a character, from the counts of all items before the last one.</param>
    /// <param name="LastCopies">Maximum number of copies of a character in the last item.</param>
    private readonly record struct GroupState(
        bool AlternativeMatchesEmpty,
        bool ItemsMatchEmpty,
        bool? LastMatchesEmpty,
        int Copies = 1,
        int LastCopies = 1
    )
    {
        /// <summary>Size of the items before the group in the same chain.</summary>
        public long SizeBefore { get; init; }

        /// <summary>Size of the alternatives before the last <c>|</c>.</summary>
        public long AlternativesSize { get; init; }

        /// <summary>Size of all items of the current alternative, except the last one.</summary>
        public long ItemsSize { get; init; }

        /// <summary>Size of the last item.</summary>
        public long LastSize { get; init; }

        public static readonly GroupState Initial = new(false, true, null);

        public bool MatchesEmpty => AlternativeMatchesEmpty || (ItemsMatchEmpty && LastMatchesEmpty != false);

        public int MaxCopies => Math.Max(Copies, LastCopies);

        /// <summary>Size of the chain up to the current position.</summary>
        public long ChainSize => SizeBefore + ItemsSize + LastSize;

        public long Size => AlternativesSize + ItemsSize + LastSize;

        public GroupState WithItem(bool item, int copies = 1, long size = 1) =>
            this with
            {
                ItemsMatchEmpty = ItemsMatchEmpty && LastMatchesEmpty != false,
                LastMatchesEmpty = item,
                Copies = MaxCopies,
                LastCopies = copies,
                ItemsSize = ItemsSize + LastSize,
                LastSize = size,
            };

        public GroupState WithAlternative() =>
            new(MatchesEmpty, true, null, MaxCopies) { SizeBefore = SizeBefore, AlternativesSize = Size + 1 };
    }

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

    private void OpenGroup()
    {
        _outer ??= new Stack<GroupState>();
        if (_outer.Count >= MaxNesting)
        {
            _fault = "expression nests too deeply";
            return;
        }
        if (Peek() == '?')
        {
            var from = _position - 1;
            _position++;
            if (!TryParseGroupHead(out var opens))
            {
                _fault = $"invalid or unsupported Perl syntax: {Printer.Quote(_text[from..Math.Min(from + 4, _text.Length)])}";
            }
            if (!opens || _fault is not null)
            {
                return;
            }
        }
        _outer.Push(_group);
        _group = GroupState.Initial with { SizeBefore = _group.ChainSize };
    }

    /// <summary>
    /// Parses <c>P&lt;name&gt;</c>, <c>&lt;name&gt;</c>, <c>flags:</c> or <c>flags)</c> after <c>(?</c>. The last form opens no group.
    /// </summary>
    private bool TryParseGroupHead(out bool opens)
    {
        opens = true;
        // Go 1.22 introduced the form without P. Prometheus 2.42 uses an older version and rejects it.
        var opening =
            _text[_position..].StartsWith("P<") ? 2
            : Peek() == '<' ? 1
            : 0;
        if (opening > 0)
        {
            var name = _text[(_position + opening)..];
            var end = name.IndexOf('>');
            if (end <= 0 || name[..end].ContainsAnyExcept(WordCharacters))
            {
                return false;
            }
            _position += opening + end + 1;
            return true;
        }

        var (negated, flags) = (false, 0);
        while (_position < _text.Length)
        {
            var c = _text[_position++];
            if (c is 'i' or 'm' or 's' or 'U')
            {
                flags++;
                _folds |= c == 'i' && !negated;
            }
            else if (c == '-' && !negated)
            {
                (negated, flags) = (true, 0);
            }
            else if (c is ':' or ')')
            {
                opens = c == ':';
                return !negated || flags > 0;
            }
            else
            {
                return false;
            }
        }
        return false;
    }

    private void CloseGroup()
    {
        var inner = _group;
        if (_outer is not null && _outer.TryPop(out _group))
        {
            _group = _group.WithItem(inner.MatchesEmpty, inner.MaxCopies, inner.Size + GroupSize);
            _madeOnce += inner.SizeBefore / CharactersPerGroupUnit;
        }
        else
        {
            _fault = $"unexpected ): {Printer.Quote(_text)}";
        }
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
