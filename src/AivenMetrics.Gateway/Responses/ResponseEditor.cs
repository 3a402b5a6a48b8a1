using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.Limits;

namespace AivenMetrics.Gateway.Responses;

/// <summary>
/// Edits a JSON response of the query API while it is copied: adds warnings and truncates the list in <c>data</c>.
/// </summary>
/// <remarks>
/// The editor tracks strings and nesting, byte by byte, and buffers nothing: memory does not grow with the response. At depth 1 it
/// recognises the members <c>data</c> and <c>warnings</c>. A list that is too long is closed before its next element, with a warning, and
/// the rest is ignored, including the server's own warnings after it.
/// </remarks>
internal sealed class ResponseEditor(IReadOnlyList<string> warnings, int? maxElements, string truncated, string? nearlyTruncated)
    : IResponseTransform
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
    private bool _expectsName;
    private bool _inDataList;
    private bool _warningsWritten;
    private bool _commaPending;

    /// <summary>Creates an editor for the limits and warnings of a request.</summary>
    public static ResponseEditor Create(RequestLimits limits) =>
        limits.IsClientLimit
            ? new(limits.Warnings, limits.MaxElements, "results truncated due to limit", null)
            : new(
                limits.Warnings,
                limits.MaxElements,
                LimitErrors.TruncationWarning(limits.Limits),
                LimitErrors.NearLimitWarning(
                    limits.Limits,
                    LimitNames.Series,
                    $"this response contains at least 80 % of the maximum of {limits.Limits.Series}"
                )
            );

    /// <summary>Whether the output is complete. The rest of the input is ignored.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Whether the list was truncated.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Edits the next bytes of the response.</summary>
    public void Transform(ReadOnlySpan<byte> input, IBufferWriter<byte> output)
    {
        var written = 0;
        for (var i = 0; i < input.Length && !IsComplete; i++)
        {
            if (_commaPending && !_inString && Whitespace.IndexOf(input[i]) < 0)
            {
                _commaPending = false;
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

        if (!IsComplete || !IsTruncated)
        {
            output.Write(input[written..]);
        }
    }

    /// <summary>Skips to the end of a string, or of the input. The name of a member is kept.</summary>
    private int SkipString(ReadOnlySpan<byte> input, int at)
    {
        if (_afterBackslash)
        {
            _afterBackslash = false;
            return at;
        }

        var length = input[at..].IndexOfAny(StringTerminators);
        var end = length < 0 ? input.Length : at + length;
        if (_expectsName && _depth == 1)
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
        var skip = _commaPending ? 0 : input[at..].IndexOfAny(StructuralBytes);
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
                _memberLength = _expectsName && _depth == 1 ? 0 : _memberLength;
                break;
            case (byte)'{' or (byte)'[':
                Open(input, ref written, at, output);
                break;
            case (byte)'}' or (byte)']':
                Close(input, ref written, at, output);
                break;
            case (byte)',':
                _expectsName = _depth == 1;
                if (_inDataList && _depth == 2 && ++_commas == maxElements)
                {
                    Truncate(input, ref written, at, output);
                }
                break;
            case (byte)':':
                _expectsName = _expectsName && _depth != 1;
                break;
        }
    }

    private void Open(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        _depth++;
        _expectsName = _depth == 1;
        if (_depth != 2 || input[at] != '[')
        {
            return;
        }
        _inDataList = IsMember("data"u8);
        if (!IsMember("warnings"u8) || FormatWarnings() is not { Length: > 0 } texts)
        {
            return;
        }
        _warningsWritten = _commaPending = true;
        Insert(input, ref written, at + 1, texts, output);
    }

    private void Close(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        _depth--;
        if (_depth == 1)
        {
            _inDataList = false;
        }
        if (_depth != 0)
        {
            return;
        }
        if (!_warningsWritten && FormatWarnings() is { Length: > 0 } texts)
        {
            Insert(input, ref written, at, [.. ",\"warnings\":["u8, .. texts, .. "]"u8], output);
        }
        IsComplete = true;
    }

    private void Truncate(ReadOnlySpan<byte> input, ref int written, int at, IBufferWriter<byte> output)
    {
        (IsTruncated, IsComplete) = (true, true);
        Insert(input, ref written, at, [.. "],\"warnings\":["u8, .. FormatWarnings(), .. "]}"u8], output);
    }

    /// <summary>Formats the warnings, as far as they are known, as elements of a JSON list.</summary>
    private byte[] FormatWarnings()
    {
        IEnumerable<string> all = warnings;
        if (IsTruncated)
        {
            all = all.Append(truncated);
        }
        else if (nearlyTruncated is not null && maxElements is { } max && _commas + 1 >= max * 0.8)
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
        // A name that exceeds the buffer is none of the recognised names.
        var free = _member.AsSpan(_memberLength);
        part[..Math.Min(part.Length, free.Length)].CopyTo(free);
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
