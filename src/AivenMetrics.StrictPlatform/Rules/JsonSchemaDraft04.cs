using System.Text.Json;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>
/// Validates a schema against JSON Schema draft-04, the only draft that all versions of Cloud Controller accept. Each keyword must have
/// its type of the metaschema. External references are not allowed.
/// </summary>
internal static class JsonSchemaDraft04
{
    private static readonly string[] Types = ["array", "boolean", "integer", "null", "number", "object", "string"];

    /// <summary>Returns errors with their location in the schema, such as <c>.properties.size</c>.</summary>
    public static IEnumerable<(string Location, string Error)> Validate(JsonElement schema)
    {
        if (
            schema.ValueKind == JsonValueKind.Object
            && schema.TryGetProperty("$schema", out var draft)
            && !(draft.ValueKind == JsonValueKind.String && draft.GetString()!.TrimEnd('#') == "http://json-schema.org/draft-04/schema")
        )
        {
            yield return (".$schema", "is not draft-04, the only draft that all versions of Cloud Controller accept");
        }
        foreach (var error in ValidateSchema(schema, ""))
        {
            yield return error;
        }
    }

    private static IEnumerable<(string Location, string Error)> ValidateSchema(JsonElement schema, string location)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return [(location, "is not an object")];
        }
        return
        [
            .. schema.EnumerateObject().SelectMany(keyword => ValidateKeyword(keyword.Name, keyword.Value, $"{location}.{keyword.Name}")),
            .. RequireSibling(schema, location, "exclusiveMaximum", "maximum"),
            .. RequireSibling(schema, location, "exclusiveMinimum", "minimum"),
        ];
    }

    private static IEnumerable<(string Location, string Error)> ValidateKeyword(string name, JsonElement value, string location) =>
        name switch
        {
            "$ref" => ValidateReference(value, location),
            "id" or "$schema" or "title" or "description" or "pattern" or "format" => Require(
                value.ValueKind == JsonValueKind.String,
                location,
                "is not a string"
            ),
            "maximum" or "minimum" => Require(value.ValueKind == JsonValueKind.Number, location, "is not a number"),
            "multipleOf" => Require(value.ValueKind == JsonValueKind.Number && value.GetDouble() > 0, location, "is not a number above 0"),
            "exclusiveMaximum" or "exclusiveMinimum" or "uniqueItems" => Require(
                IsBoolean(value),
                location,
                "is not a boolean, as draft-04 requires"
            ),
            "maxLength" or "minLength" or "maxItems" or "minItems" or "maxProperties" or "minProperties" => Require(
                value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0,
                location,
                "is not a whole number of at least 0"
            ),
            "required" => Require(IsDistinctStrings(value), location, "is not a non-empty array of different strings"),
            "enum" => Require(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0, location, "is not a non-empty array"),
            "type" => Require(IsType(value), location, "is not a type of draft-04"),
            "not" => ValidateSchema(value, location),
            "additionalItems" or "additionalProperties" => IsBoolean(value) ? [] : ValidateSchema(value, location),
            "items" => value.ValueKind == JsonValueKind.Array ? ValidateSchemas(value, location) : ValidateSchema(value, location),
            "allOf" or "anyOf" or "oneOf" => ValidateSchemas(value, location),
            "properties" or "patternProperties" or "definitions" => ValidateMembers(value, location, ValidateSchema),
            "dependencies" => ValidateMembers(value, location, (member, at) =>
                member.ValueKind == JsonValueKind.Array
                    ? Require(IsDistinctStrings(member), at, "is not a non-empty array of different strings")
                    : ValidateSchema(member, at)
            ),
            _ => [],
        };

    private static IEnumerable<(string Location, string Error)> ValidateReference(JsonElement value, string location) =>
        value.ValueKind != JsonValueKind.String ? [(location, "is not a string")]
        : value.GetString()!.StartsWith('#') ? []
        : [(location, "refers to an external schema")];

    private static IEnumerable<(string Location, string Error)> ValidateSchemas(JsonElement value, string location) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? value.EnumerateArray().Index().SelectMany(item => ValidateSchema(item.Item, $"{location}[{item.Index}]"))
            : [(location, "is not a non-empty array of schemas")];

    private static IEnumerable<(string Location, string Error)> ValidateMembers(
        JsonElement value,
        string location,
        Func<JsonElement, string, IEnumerable<(string Location, string Error)>> check
    ) =>
        value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().SelectMany(member => check(member.Value, $"{location}.{member.Name}"))
            : [(location, "is not an object")];

    private static IEnumerable<(string Location, string Error)> RequireSibling(
        JsonElement schema,
        string location,
        string keyword,
        string other
    ) =>
        schema.TryGetProperty(keyword, out _) && !schema.TryGetProperty(other, out _)
            ? [($"{location}.{keyword}", $"requires {other}")]
            : [];

    private static IEnumerable<(string Location, string Error)> Require(bool holds, string location, string error) =>
        holds ? [] : [(location, error)];

    private static bool IsBoolean(JsonElement value) => value.ValueKind is JsonValueKind.True or JsonValueKind.False;

    private static bool IsDistinctStrings(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            return false;
        }
        string[] texts = [.. value.EnumerateArray().Select(item => item.GetString()!)];
        return texts.Length > 0 && texts.Distinct(StringComparer.Ordinal).Count() == texts.Length;
    }

    private static bool IsType(JsonElement value) =>
        value.ValueKind == JsonValueKind.String
            ? Types.Contains(value.GetString())
            : IsDistinctStrings(value) && value.EnumerateArray().All(item => Types.Contains(item.GetString()));
}
