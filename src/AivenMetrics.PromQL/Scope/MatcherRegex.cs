namespace AivenMetrics.PromQL;

/// <summary>
/// Reads the RE2 expression of a matcher without running it: whether Prometheus would compile it, whether it matches the empty string, and
/// how much is made of it, which all follow from its form alone. What depends on Prometheus (names of Unicode classes, bytes that are not
/// UTF-8, which 3 takes between literals) is let through.
/// </summary>
internal ref partial struct MatcherRegex
{
    // As in Go's regexp/syntax.
    private const int MaxNesting = 1000;
    private const int MaxRepeat = 1000;

    // What things cost a server, in units of one character to compile: about 250 bytes and a microsecond of Prometheus 2.42 or 3.5.
    // Characters cost 1, and n copies of them n. The others are what makes the dearest expression of each kind cost no more than the
    // plainest of the same size (decision 0011 has the measurements).
    private const int RegexSize = 8;
    private const int GroupSize = 3;

    // An item that may be absent splits the search in two wherever the expression is looked for.
    private const int OptionalSize = 10;

    // Prometheus 3 writes out what a chain of groups matches, up to 256 texts, and copies them at each group.
    private const int CharactersPerGroupUnit = 8;

    private readonly ReadOnlySpan<char> text;
    private Stack<Branches>? outer;
    private int position;
    private string? fault;

    // The group being read: what its finished alternatives, its finished items, and its last item say about the empty string.
    private Branches group = Branches.Fresh;
    private bool lastIsRepeat;

    // What is made once, however often the expression around it is repeated; and what (?i) adds to that.
    private long madeOnce = RegexSize;
    private long folding;
    private bool folds;

    private MatcherRegex(ReadOnlySpan<char> text) => this.text = text;

    /// <summary>State of one group.</summary>
    /// <param name="Any">An alternative before the last <c>|</c> matches the empty string.</param>
    /// <param name="Items">All items of the current alternative before the last one match it.</param>
    /// <param name="Last">The last item matches it; null if there is no item to repeat.</param>
    /// <param name="Copies">How many copies of a character the counts of all items before the last one make, at most.</param>
    /// <param name="LastCopies">The same for the last item.</param>
    private readonly record struct Branches(bool Any, bool Items, bool? Last, int Copies = 1, int LastCopies = 1)
    {
        /// <summary>Size of what stands in a chain before the group.</summary>
        public long Before { get; init; }

        /// <summary>Size of the alternatives before the last <c>|</c>.</summary>
        public long AnySize { get; init; }

        /// <summary>Size of all items of the current alternative before the last one.</summary>
        public long ItemsSize { get; init; }

        /// <summary>Size of the last item.</summary>
        public long LastSize { get; init; }

        public static readonly Branches Fresh = new(false, true, null);

        public bool MatchesEmpty => Any || (Items && Last != false);

        public int MostCopies => Math.Max(Copies, LastCopies);

        /// <summary>Size of the chain up to here.</summary>
        public long Chain => Before + ItemsSize + LastSize;

        public long Size => AnySize + ItemsSize + LastSize;

        public Branches With(bool item, int copies = 1, long size = 1) => this with
        {
            Items = Items && Last != false,
            Last = item,
            Copies = MostCopies,
            LastCopies = copies,
            ItemsSize = ItemsSize + LastSize,
            LastSize = size,
        };

        public Branches Or() => new(MatchesEmpty, true, null, MostCopies) { Before = Before, AnySize = Size + 1 };
    }

    /// <summary>Outcome of a check.</summary>
    /// <param name="Fault">Why Prometheus would refuse the expression, null if it would not.</param>
    /// <param name="MatchesEmpty">True if the expression, anchored at both ends, matches the empty string.</param>
    /// <param name="Size">How much a server makes of it, counts written out: see <see cref="LabelMatcher.RegexSize"/>.</param>
    public readonly record struct Result(string? Fault, bool MatchesEmpty, long Size)
    {
        public Result ValidOrThrow() => Fault is null ? this : throw new FormatException($"error parsing regexp: {Fault}");
    }

    /// <summary>Checks one expression in a single pass.</summary>
    public static Result Check(ReadOnlySpan<char> expression)
    {
        if (!expression.ContainsAny(SpecialCharacters)) return new Result(null, expression.IsEmpty, RegexSize + expression.Length);
        var regex = new MatcherRegex(expression);
        while (regex.fault is null && regex.position < expression.Length) regex.Item();
        if (regex.fault is null && regex.outer is { Count: > 0 }) regex.fault = "missing closing ): " + Printer.Quote(expression);
        return new Result(regex.fault, regex.group.MatchesEmpty, regex.group.Size + regex.madeOnce + (regex.folds ? regex.folding : 0));
    }

    private void Item()
    {
        var repeatBefore = lastIsRepeat;
        lastIsRepeat = false;
        var from = position;
        var c = text[position++];
        switch (c)
        {
            case '(':
                OpenGroup();
                break;
            case ')':
                CloseGroup();
                break;
            case '|':
                group = group.Or();
                break;
            case '^' or '$':
                Add(true);
                break;
            case '[':
                Class(from);
                break;
            case '*' or '?':
                Repeat(from, repeatBefore, orNone: true);
                Grow(1, -1);
                break;
            case '+':
                Repeat(from, repeatBefore, orNone: false);
                Grow(1, -1);
                break;
            case '{' when Counts() is var (least, most) && least >= 0:
                if (least > MaxRepeat || most > MaxRepeat || (most >= 0 && least > most) || !Multiply(least, most))
                    fault = $"invalid repeat count: {Printer.Quote(text[from..position])}";
                else Repeat(from, repeatBefore, orNone: least == 0);
                Grow(least, most);
                break;
            case '\\':
                Escape(from);
                break;
            default:
                if (char.IsSurrogate(c)) TakePair(c);
                Add(false);
                break;
        }
    }

    private void Add(bool matchesEmpty) => group = group.With(matchesEmpty);

    /// <summary>Counts within counts multiply, and RE2 bounds the product too. False if it is too large.</summary>
    private bool Multiply(int least, int most)
    {
        // {0} leaves nothing to count, {0,} counts as *.
        group = group with { LastCopies = most == 0 ? 1 : Math.Max(most < 0 ? least : most, 1) * group.LastCopies };
        return group.LastCopies <= MaxRepeat;
    }

    /// <summary>Counts the copies that a repetition makes of the last item; it is the caller's to refuse too many.</summary>
    private void Grow(int least, int most)
    {
        if (fault is not null) return;
        var one = group.LastSize;
        if (most == 0)
        {
            madeOnce += one;
            one = 0;
        }
        var size = most < 0 ? (Math.Max(least, 1) * one) + OptionalSize : (least * one) + ((most - least) * (one + OptionalSize));
        group = group with { LastSize = size };
    }

    private void Repeat(int from, bool repeatBefore, bool orNone)
    {
        if (Peek() == '?') position++;
        if (group.Last is not { } last) fault = $"missing argument to repetition operator: {Printer.Quote(text[from..position])}";
        else if (repeatBefore) fault = $"invalid nested repetition operator: {Printer.Quote(text[(from - 1)..position])}";
        else group = group with { Last = orNone || last };
        lastIsRepeat = true;
    }

    /// <summary>
    /// Takes the rest of <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; anything else leaves the brace a plain character (least -1).
    /// </summary>
    private (int Least, int Most) Counts()
    {
        var from = position;
        var least = Count();
        var most = least;
        if (least >= 0 && Peek() == ',')
        {
            position++;
            most = Peek() == '}' ? -1 : Count();
            if (most == -2) least = -1;
        }
        if (least >= 0 && Peek() == '}' && position < text.Length)
        {
            position++;
            return (least, most);
        }
        position = from;
        return (-1, -1);
    }

    /// <summary>Takes a decimal number without leading zeros: -2 if there is none, more than the limit for all that are.</summary>
    private int Count()
    {
        var from = position;
        while (char.IsAsciiDigit(Peek())) position++;
        var digits = text[from..position];
        if (digits.IsEmpty || (digits.Length > 1 && digits[0] == '0')) return -2;
        return digits.Length > 4 ? MaxRepeat + 1 : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
    }

    private void OpenGroup()
    {
        outer ??= new Stack<Branches>();
        if (outer.Count >= MaxNesting)
        {
            fault = "expression nests too deeply";
            return;
        }
        if (Peek() == '?')
        {
            var from = position - 1;
            position++;
            if (!GroupHead(out var opens))
                fault = $"invalid or unsupported Perl syntax: {Printer.Quote(text[from..Math.Min(from + 4, text.Length)])}";
            if (!opens || fault is not null) return;
        }
        outer.Push(group);
        group = Branches.Fresh with { Before = group.Chain };
    }

    /// <summary>Takes <c>P&lt;name&gt;</c>, <c>&lt;name&gt;</c>, <c>flags:</c> or <c>flags)</c> after <c>(?</c>; the last opens no
    /// group.</summary>
    private bool GroupHead(out bool opens)
    {
        opens = true;
        // The form without P came with Go 1.22, which Prometheus 2.42 is too old for.
        var opening = text[position..].StartsWith("P<") ? 2 : Peek() == '<' ? 1 : 0;
        if (opening > 0)
        {
            var name = text[(position + opening)..];
            var end = name.IndexOf('>');
            if (end <= 0 || name[..end].ContainsAnyExcept(WordCharacters)) return false;
            position += opening + end + 1;
            return true;
        }

        var (negated, flags) = (false, 0);
        while (position < text.Length)
        {
            var c = text[position++];
            if (c is 'i' or 'm' or 's' or 'U')
            {
                flags++;
                folds |= c == 'i' && !negated;
            }
            else if (c == '-' && !negated) (negated, flags) = (true, 0);
            else if (c is ':' or ')')
            {
                opens = c == ':';
                return !negated || flags > 0;
            }
            else return false;
        }
        return false;
    }

    private void CloseGroup()
    {
        var inner = group;
        if (outer is not null && outer.TryPop(out group))
        {
            group = group.With(inner.MatchesEmpty, inner.MostCopies, inner.Size + GroupSize);
            madeOnce += inner.Before / CharactersPerGroupUnit;
        }
        else fault = $"unexpected ): {Printer.Quote(text)}";
    }

    private readonly char Peek() => position < text.Length ? text[position] : '\0';

    /// <summary>Takes the second half of a surrogate pair.</summary>
    private bool TakePair(char first)
    {
        if (!char.IsHighSurrogate(first) || !char.IsLowSurrogate(Peek())) return false;
        position++;
        return true;
    }
}
