using System.Text.Json;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>
/// Whether a schema is one of JSON Schema draft-04, the only draft that every Cloud Controller takes (B5): each keyword has the
/// type that the draft's metaschema asks for, and nothing refers outside.
/// </summary>
internal static class JsonSchemaDraft04
{
    private static readonly string[] Types = ["array", "boolean", "integer", "null", "number", "object", "string"];

    /// <summary>Faults with their place below the schema, such as <c>.properties.size</c>.</summary>
    public static IEnumerable<(string Place, string Fault)> Validate(JsonElement schema)
    {
        if (
            schema.ValueKind == JsonValueKind.Object
            && schema.TryGetProperty("$schema", out var draft)
            && !(draft.ValueKind == JsonValueKind.String && draft.GetString()!.TrimEnd('#') == "http://json-schema.org/draft-04/schema")
        )
        {
            yield return (".$schema", "is not draft-04, the only draft that every Cloud Controller takes");
        }
        foreach (var fault in ValidateSchema(schema, ""))
        {
            yield return fault;
        }
    }

    private static IEnumerable<(string Place, string Fault)> ValidateSchema(JsonElement schema, string place)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return [(place, "is not an object")];
        }
        return
        [
            .. schema.EnumerateObject().SelectMany(keyword => ValidateKeyword(keyword.Name, keyword.Value, $"{place}.{keyword.Name}")),
            .. RequireSibling(schema, place, "exclusiveMaximum", "maximum"),
            .. RequireSibling(schema, place, "exclusiveMinimum", "minimum"),
        ];
    }

    private static IEnumerable<(string Place, string Fault)> ValidateKeyword(string name, JsonElement value, string place) =>
        name switch
        {
            "$ref" => ValidateReference(value, place),
            "id" or "$schema" or "title" or "description" or "pattern" or "format" => Require(
                value.ValueKind == JsonValueKind.String,
                place,
                "is not a string"
            ),
            "maximum" or "minimum" => Require(value.ValueKind == JsonValueKind.Number, place, "is not a number"),
            "multipleOf" => Require(value.ValueKind == JsonValueKind.Number && value.GetDouble() > 0, place, "is not a number above 0"),
            "exclusiveMaximum" or "exclusiveMinimum" or "uniqueItems" => Require(
                IsBoolean(value),
                place,
                "is not a boolean, as draft-04 has it"
            ),
            "maxLength" or "minLength" or "maxItems" or "minItems" or "maxProperties" or "minProperties" => Require(
                value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0,
                place,
                "is not a whole number from 0"
            ),
            "required" => Require(IsDistinctStrings(value), place, "is not a non-empty array of different strings"),
            "enum" => Require(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0, place, "is not a non-empty array"),
            "type" => Require(IsType(value), place, "names no type of draft-04"),
            "not" => ValidateSchema(value, place),
            "additionalItems" or "additionalProperties" => IsBoolean(value) ? [] : ValidateSchema(value, place),
            "items" => value.ValueKind == JsonValueKind.Array ? ValidateSchemas(value, place) : ValidateSchema(value, place),
            "allOf" or "anyOf" or "oneOf" => ValidateSchemas(value, place),
            "properties" or "patternProperties" or "definitions" => ValidateMembers(value, place, ValidateSchema),
            "dependencies" => ValidateMembers(value, place, (member, at) =>
                member.ValueKind == JsonValueKind.Array
                    ? Require(IsDistinctStrings(member), at, "is not a non-empty array of different strings")
                    : ValidateSchema(member, at)
            ),
            _ => [],
        };

    private static IEnumerable<(string Place, string Fault)> ValidateReference(JsonElement value, string place) =>
        value.ValueKind != JsonValueKind.String ? [(place, "is not a string")]
        : value.GetString()!.StartsWith('#') ? []
        : [(place, "refers to something outside of the schema")];

    private static IEnumerable<(string Place, string Fault)> ValidateSchemas(JsonElement value, string place) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? value.EnumerateArray().Index().SelectMany(item => ValidateSchema(item.Item, $"{place}[{item.Index}]"))
            : [(place, "is not a non-empty array of schemas")];

    private static IEnumerable<(string Place, string Fault)> ValidateMembers(
        JsonElement value,
        string place,
        Func<JsonElement, string, IEnumerable<(string Place, string Fault)>> check
    ) =>
        value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().SelectMany(member => check(member.Value, $"{place}.{member.Name}"))
            : [(place, "is not an object")];

    private static IEnumerable<(string Place, string Fault)> RequireSibling(
        JsonElement schema,
        string place,
        string keyword,
        string other
    ) =>
        schema.TryGetProperty(keyword, out _) && !schema.TryGetProperty(other, out _)
            ? [($"{place}.{keyword}", $"needs {other} beside it")]
            : [];

    private static IEnumerable<(string Place, string Fault)> Require(bool holds, string place, string fault) =>
        holds ? [] : [(place, fault)];

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
