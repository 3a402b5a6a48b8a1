using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Changes a JSON answer of the query API while it passes: adds warnings to those that it has, and ends its list after so many elements.
/// </summary>
/// <remarks>
/// It follows strings and nesting only, byte by byte, and holds nothing back: memory does not grow with the answer. At depth 1 it knows the
/// members <c>data</c> and <c>warnings</c>. A list that is too long is closed where its next element would begin, with a warning, and the
/// rest is not read; nothing of upstream's own warnings, which stand behind it, can be told then.
/// </remarks>
internal sealed class ResponseEditor(IReadOnlyList<string> warnings, int? elementsMax, string truncated, string? nearlyTruncated)
{
    private static readonly SearchValues<byte> StringTerminators = SearchValues.Create((byte)'"', (byte)'\\');
    private static readonly SearchValues<byte> StructuralBytes = SearchValues.Create("\"{}[],:"u8);
    private static ReadOnlySpan<byte> Whitespace => " \t\r\n"u8;

    private readonly byte[] _member = new byte[16];
    private int _memberLength;
    private int _depth;
    private int _commas;
    private bool _inString;
    private bool _afterBackslash;
    private bool _nameComes;
    private bool _inList;
    private bool _told;
    private bool _commaIfMore;

    /// <summary>The answer is complete; what follows in the input means nothing.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The list was longer than it may be.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Takes the next bytes of the answer and writes what becomes of them.</summary>
    public void Edit(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        var written = 0;
        for (var i = 0; i < input.Length && !IsEnded; i++)
        {
            if (_commaIfMore && !_inString && Whitespace.IndexOf(input[i]) < 0)
            {
                _commaIfMore = false;
                if (input[i] != ']')
                {
                    Insert(input, ref written, i, ","u8, output);
                }
            }

            if (_inString)
            {
                i = SkipString(input, i);
            }
            else if (SkipToStructure(input, ref i))
            {
                ProcessStructure(input, ref written, i, output);
            }
        }

        if (!IsEnded || !IsTruncated)
        {
            output.Write(input[written..]);
        }
    }

    /// <summary>Goes to the end of a string, or of the input. The name of a member is remembered.</summary>
    private int SkipString(ReadOnlySpan<byte> input, int at)
    {
        if (_afterBackslash)
        {
            _afterBackslash = false;
            return at;
        }

        var length = input[at..].IndexOfAny(StringTerminators);
        var end = length < 0 ? input.Length : at + length;
        if (_nameComes && _depth == 1)
        {
            BufferMemberName(input[at..end]);
        }
        if (end == input.Length)
        {
            return end;
        }
        if (input[end] == '\\')
        {
            _afterBackslash = true;
        }
        else
        {
            _inString = false;
        }
        return end;
    }

    private bool SkipToStructure(ReadOnlySpan<byte> input, ref int at)
    {
        var skip = _commaIfMore ? 0 : input[at..].IndexOfAny(StructuralBytes);
        if (skip < 0)
        {
            at = input.Length;
            return false;
        }

        at += skip;
        return true;
    }

    private void ProcessStructure(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        switch (input[at])
        {
            case (byte)'"':
                _inString = true;
                _memberLength = _nameComes && _depth == 1 ? 0 : _memberLength;
                break;
            case (byte)'{' or (byte)'[':
                Open(input, ref written, at, output);
                break;
            case (byte)'}' or (byte)']':
                Close(input, ref written, at, output);
                break;
            case (byte)',':
                _nameComes = _depth == 1;
                if (_inList && _depth == 2 && ++_commas == elementsMax)
                {
                    Truncate(input, ref written, at, output);
                }
                break;
            case (byte)':':
                _nameComes = _nameComes && _depth != 1;
                break;
        }
    }

    private void Open(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        _depth++;
        _nameComes = _depth == 1;
        if (_depth != 2 || input[at] != '[')
        {
            return;
        }
        _inList = IsMember("data"u8);
        if (!IsMember("warnings"u8) || FormatWarnings() is not { Length: > 0 } texts)
        {
            return;
        }
        _told = _commaIfMore = true;
        Insert(input, ref written, at + 1, texts, output);
    }

    private void Close(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        _depth--;
        if (_depth == 1)
        {
            _inList = false;
        }
        if (_depth != 0)
        {
            return;
        }
        if (!_told && FormatWarnings() is { Length: > 0 } texts)
        {
            Insert(input, ref written, at, [.. ",\"warnings\":["u8, .. texts, .. "]"u8], output);
        }
        IsEnded = true;
    }

    private void Truncate(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        (IsTruncated, IsEnded) = (true, true);
        Insert(input, ref written, at, [.. "],\"warnings\":["u8, .. FormatWarnings(), .. "]}"u8], output);
    }

    /// <summary>The warnings as elements of a list, as far as they are known by now.</summary>
    private byte[] FormatWarnings()
    {
        IEnumerable<string> all = warnings;
        if (IsTruncated)
        {
            all = all.Append(truncated);
        }
        else if (nearlyTruncated is not null && elementsMax is { } max && _commas + 1 >= max * 0.8)
        {
            all = all.Append(nearlyTruncated);
        }
        return
        [
            .. all.SelectMany(
                (text, index) =>
                    (byte[])
                        [
                            .. index > 0 ? ","u8 : [],
                            (byte)'"',
                            .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes,
                            (byte)'"',
                        ]
            ),
        ];
    }

    private void BufferMemberName(ReadOnlySpan<byte> part)
    {
        // A name that is too long for the room is none of ours, whatever of it is kept.
        var room = _member.AsSpan(_memberLength);
        part[..Math.Min(part.Length, room.Length)].CopyTo(room);
        _memberLength = Math.Min(_memberLength + part.Length, _member.Length);
    }

    private bool IsMember(ReadOnlySpan<byte> name) => _member.AsSpan(0, _memberLength).SequenceEqual(name);

    private static void Insert(ReadOnlySpan<byte> input, ref int written, int at, ReadOnlySpan<byte> what, IBufferWriter<byte> output)
    {
        output.Write(input[written..at]);
        output.Write(what);
        written = at;
    }
}
