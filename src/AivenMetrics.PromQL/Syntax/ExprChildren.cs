namespace AivenMetrics.PromQL;

/// <summary>The direct subexpressions of an expression, in the order of the text. Enumerating them does not allocate.</summary>
public readonly struct ExprChildren
{
    private readonly Expr? _first;
    private readonly Expr? _second;
    private readonly ValueList<Expr> _args;

    internal ExprChildren(Expr first, Expr? second = null) => (_first, _second) = (first, second);

    internal ExprChildren(ValueList<Expr> args) => _args = args;

    /// <summary>Number of subexpressions.</summary>
    public int Count =>
        _second is not null ? 2
        : _first is not null ? 1
        : _args.Count;

    /// <summary>The subexpression at an index starting at 0.</summary>
    /// <exception cref="IndexOutOfRangeException">The index is not less than <see cref="Count"/>.</exception>
    public Expr this[int index] =>
        (index, _first, _second) switch
        {
            (0, { } first, _) => first,
            (1, _, { } second) => second,
            _ => _args[index],
        };

    /// <summary>Enumerates the subexpressions without allocating.</summary>
    public Enumerator GetEnumerator() => new(this);

    /// <summary>The enumerator for <c>foreach</c>.</summary>
    public struct Enumerator
    {
        private readonly ExprChildren _children;
        private int _index = -1;

        internal Enumerator(ExprChildren children) => _children = children;

        /// <summary>The current subexpression.</summary>
        public readonly Expr Current => _children[_index];

        /// <summary>Advances to the next subexpression. Returns false at the end.</summary>
        public bool MoveNext() => ++_index < _children.Count;
    }
}
