using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace AivenMetrics.Simulator.Api;

/// <summary>The JSON object of a request. A missing field or a wrong type is a 400 that names the field.</summary>
internal sealed class RequestFields(JsonObject body)
{
    /// <summary>Maximum size of a body in bytes; larger bodies are rejected with 413.</summary>
    public const int MaximumBytes = 1 << 20;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };
    private static readonly Encoding Utf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    /// <summary>Writes angle brackets unescaped, as in <c>&lt;redacted&gt;</c>.</summary>
    public static JsonSerializerOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="request">The request.</param>
    /// <param name="emptyIsObject">Whether an empty body stands for <c>{}</c>.</param>
    /// <exception cref="AivenApiException">400: not a JSON object; 413: too large.</exception>
    public static async Task<RequestFields> ReadAsync(HttpRequest request, bool emptyIsObject)
    {
        using var content = new MemoryStream();
        var buffer = new byte[16384];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, request.HttpContext.RequestAborted)) > 0)
        {
            if (content.Length + read > MaximumBytes)
            {
                throw AivenErrors.TooLarge();
            }
            content.Write(buffer, 0, read);
        }

        if (emptyIsObject && content.Length == 0)
        {
            return new([]);
        }
        try
        {
            var node = JsonNode.Parse(Utf8.GetString(content.GetBuffer(), 0, (int)content.Length), documentOptions: Strict);
            // Unpaired escaped surrogates are detected only when a string is read.
            _ = node?.ToJsonString();
            return node is JsonObject body ? new(body) : throw AivenErrors.Invalid("Invalid request body: it must be a JSON object");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            throw AivenErrors.Invalid("Invalid request body: it is not valid JSON");
        }
    }

    /// <summary>Returns whether the field exists and is not null.</summary>
    public bool Has(string field) => body[field] is not null;

    public string Text(string field) => OptionalText(field) ?? throw AivenErrors.Invalid($"Missing required field: {field}");

    public string? OptionalText(string field) =>
        body[field] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out string? text) => text,
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be a string"),
        };

    public bool? OptionalFlag(string field) =>
        body[field] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out bool flag) => flag,
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be true or false"),
        };

    /// <summary>Returns a whole number of at least <paramref name="least"/>, or null if the field is missing.</summary>
    public int? OptionalNumber(string field, int least) =>
        body[field] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out int number) && number >= least => number,
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be a whole number of at least {least}"),
        };

    /// <summary>Returns a number of seconds, up to a day, or null if the field is missing. Fractions are allowed.</summary>
    public TimeSpan? OptionalSeconds(string field) =>
        body[field] switch
        {
            null => null,
            JsonValue value when value.TryGetValue(out double seconds) && seconds is >= 0 and <= 86400 => TimeSpan.FromSeconds(seconds),
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be a number of seconds between 0 and 86400"),
        };

    public JsonObject? OptionalObject(string field) =>
        body[field] switch
        {
            null => null,
            JsonObject value => (JsonObject)value.DeepClone(),
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be an object"),
        };

    public JsonObject Object(string field) => OptionalObject(field) ?? throw AivenErrors.Invalid($"Missing required field: {field}");

    /// <summary>Returns an array of objects; empty if the field is missing.</summary>
    public IReadOnlyList<RequestFields> OptionalObjects(string field) =>
        body[field] switch
        {
            null => [],
            JsonArray values when values.All(value => value is JsonObject) =>
            [
                .. values.Select(value => new RequestFields(value!.AsObject())),
            ],
            _ => throw AivenErrors.Invalid($"Invalid {field}: it must be an array of objects"),
        };
}
