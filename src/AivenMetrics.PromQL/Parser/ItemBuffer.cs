using System.Runtime.CompilerServices;

namespace AivenMetrics.PromQL;

/// <summary>Collects a list whose length is not known yet; the first eight items need no memory of the heap.</summary>
internal ref struct ItemBuffer<T>
{
    private EightItems first;
    private T[]? all;
    private int count;

    public readonly int Count => count;

    public readonly T this[int index] => all is null ? first[index] : all[index];

    public void Add(T item)
    {
        if (count < EightItems.Length)
        {
            first[count++] = item;
            return;
        }
        if (all is null)
        {
            all = new T[EightItems.Length * 4];
            ((ReadOnlySpan<T>)first).CopyTo(all);
        }
        if (count == all.Length) Array.Resize(ref all, count * 2);
        all[count++] = item;
    }

    public readonly ValueList<T> ToList() => ValueList.Create(all is null ? ((ReadOnlySpan<T>)first)[..count] : all.AsSpan(0, count));

    [InlineArray(Length)]
    private struct EightItems
    {
        public const int Length = 8;
        private T item;
    }
}
