namespace AivenMetrics.PromQL;

/// <summary>Parses groups, and keeps the state of each open group.</summary>
internal ref partial struct MatcherRegex
{
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
}
