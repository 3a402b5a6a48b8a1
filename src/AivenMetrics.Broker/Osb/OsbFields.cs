using System.Text;
using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Validates fields that several requests have in common.</summary>
internal static class OsbFields
{
    private const int MaximumStringLength = 255;

    public static string RequiredString(string? value, string name) =>
        value switch
        {
            null or "" => throw new OsbException(OsbErrors.BadRequest($"The field {name} is missing or empty.")),
            { Length: > MaximumStringLength } => throw new OsbException(
                OsbErrors.BadRequest($"The field {name} is longer than {MaximumStringLength} characters.")
            ),
            _ => value,
        };

    public static string? OptionalString(string? value, string name) =>
        value is "" ? throw new OsbException(OsbErrors.BadRequest($"The field {name} must not be empty.")) : value;

    private static string? ValidateLength(string? value, string name) =>
        value is { Length: > MaximumStringLength }
            ? throw new OsbException(OsbErrors.BadRequest($"The field {name} is longer than {MaximumStringLength} characters."))
            : value;

    /// <summary>Validates an optional object; null if it is absent or null.</summary>
    public static JsonElement? OptionalObject(JsonElement? value, string name) =>
        value is null or { ValueKind: JsonValueKind.Object }
            ? value
            : throw new OsbException(OsbErrors.BadRequest($"The field {name} must be an object."));

    /// <summary>Validates an optional string of an optional object, 1 to 255 characters. Names become labels of every series.</summary>
    public static string? OptionalStringMember(JsonElement? parent, string parentName, string name)
    {
        if (parent is not { } element || !element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        return value.ValueKind == JsonValueKind.String
            ? ValidateLength(OptionalString(value.GetString(), $"{parentName}.{name}"), $"{parentName}.{name}")
            : throw new OsbException(OsbErrors.BadRequest($"The field {parentName}.{name} must be a string."));
    }

    /// <summary>
    /// Only the version is compared (docs/osb-conformance.md 65). Platforms without support for maintenance_info send none.
    /// </summary>
    public static void ValidateMaintenanceInfo(ServiceCatalog catalog, string planId, JsonElement? value)
    {
        var version = catalog.MaintenanceVersionOf(planId);
        if (
            OptionalStringMember(OptionalObject(value, "maintenance_info"), "maintenance_info", "version") is { } wanted
            && wanted != version
        )
        {
            throw new OsbException(OsbErrors.MaintenanceInfoConflict(version));
        }
    }

    public static PlanScope ValidatePlan(ServiceCatalog catalog, string? serviceId, string? planId)
    {
        ValidateService(catalog, serviceId);
        return catalog.ScopeOf(RequiredString(planId, "plan_id"))
            ?? throw new OsbException(OsbErrors.BadRequest("The field plan_id names no plan of this offering: see GET /v2/catalog."));
    }

    public static void ValidateService(ServiceCatalog catalog, string? serviceId)
    {
        if (RequiredString(serviceId, "service_id") != catalog.OfferingId)
        {
            throw new OsbException(OsbErrors.BadRequest("The field service_id names no offering of this broker: see GET /v2/catalog."));
        }
    }

    /// <summary>Returns the parameters if they are valid.</summary>
    public static PlanParameters RequireValid(PlanParameters read) =>
        read.Error is null ? read : throw new OsbException(OsbErrors.BadRequest(read.Error));

    /// <summary>Serializes JSON canonically: sorted members and no white space. Equal content has equal text.</summary>
    public static string CanonicalJson(JsonElement element)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            Write(writer, element);
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in element.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item);
                }
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
