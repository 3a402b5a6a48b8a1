using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Writes one JSON object per line with the members of .NET's JSON console formatter. They are <c>Timestamp</c> (UTC), <c>EventId</c>,
/// <c>LogLevel</c>, <c>Category</c>, <c>Message</c>, <c>Exception</c>, <c>State</c> (values of the message) and <c>Scopes</c>. It leaves
/// out the message template, which category and <c>EventId</c> identify, and the texts of scopes, which repeat their values. .NET's
/// formatter copies each line four times and writes 50 % more bytes; a gateway logs one line per request.
/// </summary>
internal sealed class JsonLineFormatter(TimeProvider time) : LogLineFormatter
{
    /// <summary>Name of the message template in the state of a log entry.</summary>
    private const string Template = "{OriginalFormat}";

    private static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode("Timestamp");
    private static readonly JsonEncodedText EventId = JsonEncodedText.Encode("EventId");
    private static readonly JsonEncodedText Level = JsonEncodedText.Encode("LogLevel");
    private static readonly JsonEncodedText Category = JsonEncodedText.Encode("Category");
    private static readonly JsonEncodedText Message = JsonEncodedText.Encode("Message");
    private static readonly JsonEncodedText ExceptionText = JsonEncodedText.Encode("Exception");
    private static readonly JsonEncodedText State = JsonEncodedText.Encode("State");
    private static readonly JsonEncodedText Scopes = JsonEncodedText.Encode("Scopes");
    private static readonly JsonEncodedText[] Levels = [.. Enum.GetNames<LogLevel>().Select(name => JsonEncodedText.Encode(name))];

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };

    [ThreadStatic]
    private static Utf8JsonWriter? _ownWriter;

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line)
    {
        var json = _ownWriter ??= new Utf8JsonWriter(line, Options);
        json.Reset(line);
        json.WriteStartObject();
        Span<char> now = stackalloc char[32];
        time.GetUtcNow().UtcDateTime.TryFormat(now, out var length, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        json.WriteString(Timestamp, now[..length]);
        json.WriteNumber(EventId, entry.EventId.Id);
        json.WriteString(Level, Levels[(int)entry.LogLevel]);
        json.WriteString(Category, entry.Category);
        json.WriteString(Message, entry.Formatter(entry.State, entry.Exception));
        if (entry.Exception is not null)
        {
            json.WriteString(ExceptionText, entry.Exception.ToString());
        }

        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            json.WriteStartObject(State);
            Write(json, values);
            json.WriteEndObject();
        }

        if (scopes is not null)
        {
            json.WriteStartArray(Scopes);
            scopes.ForEachScope(static (scope, json) => WriteScope(json, scope), json);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.Flush();
        line.Write("\n"u8);
    }

    private static void WriteScope(Utf8JsonWriter json, object? scope)
    {
        if (scope is not IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            json.WriteStringValue(scope?.ToString());
            return;
        }

        json.WriteStartObject();
        Write(json, values);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        for (var i = 0; i < values.Count; i++)
        {
            var pair = values[i];
            if (pair.Key != Template)
            {
                Write(json, pair);
            }
        }
    }

    private static void Write(Utf8JsonWriter json, KeyValuePair<string, object?> pair)
    {
        switch (pair.Value)
        {
            case null:
                json.WriteNull(pair.Key);
                break;
            case string text:
                json.WriteString(pair.Key, text);
                break;
            case bool truth:
                json.WriteBoolean(pair.Key, truth);
                break;
            case int number:
                json.WriteNumber(pair.Key, number);
                break;
            case long number:
                json.WriteNumber(pair.Key, number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(pair.Key, number);
                break;
            default:
                json.WriteString(pair.Key, Convert.ToString(pair.Value, CultureInfo.InvariantCulture));
                break;
        }
    }
}
