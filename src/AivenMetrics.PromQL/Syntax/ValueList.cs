using System.Collections;
using System.Runtime.CompilerServices;

namespace AivenMetrics.PromQL;

/// <summary>
/// An immutable list that compares by value: equal items in the same order. Records that contain it therefore compare by value too.
/// </summary>
/// <typeparam name="T">Type of the items, compared with its default comparer.</typeparam>
[CollectionBuilder(typeof(ValueList), nameof(ValueList.Create))]
public readonly struct ValueList<T> : IReadOnlyList<T>, IEquatable<ValueList<T>>
{
    private readonly T[]? _items;

    internal ValueList(T[] items) => _items = items;

    /// <summary>Number of items; 0 for the default value.</summary>
    public int Count => _items is null ? 0 : _items.Length;

    /// <summary>The item at an index starting at 0.</summary>
    public T this[int index] => AsSpan()[index];

    /// <summary>Returns the items without copying them.</summary>
    public ReadOnlySpan<T> AsSpan() => _items;

    /// <summary>Returns a new list: these items followed by <paramref name="more"/>.</summary>
    public ValueList<T> Append(ValueList<T> more)
    {
        if (more.Count == 0)
        {
            return this;
        }
        var joined = new T[Count + more.Count];
        AsSpan().CopyTo(joined);
        more.AsSpan().CopyTo(joined.AsSpan(Count));
        return new ValueList<T>(joined);
    }

    /// <summary>Enumerates the items without allocating.</summary>
    public ReadOnlySpan<T>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    IEnumerator<T> IEnumerable<T>.GetEnumerator() => ((IEnumerable<T>)(_items ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => (_items ?? []).GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(ValueList<T> other) => AsSpan().SequenceEqual(other.AsSpan(), EqualityComparer<T>.Default);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is ValueList<T> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var item in this)
        {
            hash.Add(item);
        }
        return hash.ToHashCode();
    }

    /// <summary>Returns true for equal items in the same order.</summary>
    public static bool operator ==(ValueList<T> left, ValueList<T> right) => left.Equals(right);

    /// <summary>Returns true for different items or a different order.</summary>
    public static bool operator !=(ValueList<T> left, ValueList<T> right) => !left.Equals(right);
}

/// <summary>Creates <see cref="ValueList{T}"/>. The compiler uses it for collection expressions.</summary>
public static class ValueList
{
    /// <summary>Creates a list with a copy of the items.</summary>
    public static ValueList<T> Create<T>(ReadOnlySpan<T> items) => items.IsEmpty ? default : new ValueList<T>(items.ToArray());
}
