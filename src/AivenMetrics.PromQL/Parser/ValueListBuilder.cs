using System.Runtime.CompilerServices;

namespace AivenMetrics.PromQL;

/// <summary>Builds a <see cref="ValueList{T}"/> of unknown length. The first eight items are stored on the stack.</summary>
internal ref struct ValueListBuilder<T>
{
    private EightItems _first;
    private T[]? _all;
    private int _count;

    public readonly int Count => _count;

    public readonly T this[int index] => _all is null ? _first[index] : _all[index];

    public void Add(T item)
    {
        if (_count < EightItems.Length)
        {
            _first[_count++] = item;
            return;
        }
        if (_all is null)
        {
            _all = new T[EightItems.Length * 4];
            ((ReadOnlySpan<T>)_first).CopyTo(_all);
        }
        if (_count == _all.Length)
        {
            Array.Resize(ref _all, _count * 2);
        }
        _all[_count++] = item;
    }

    public readonly ValueList<T> ToList() => ValueList.Create(_all is null ? ((ReadOnlySpan<T>)_first)[.._count] : _all.AsSpan(0, _count));

    [InlineArray(Length)]
    private struct EightItems
    {
        public const int Length = 8;
        private T _item;
    }
}
