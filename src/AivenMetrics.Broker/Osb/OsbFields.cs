using System.Text;
using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>Checks of fields that several requests share.</summary>
internal static class OsbFields
{
    private const int LongestText = 255;
    private const string ServicesExample = "such as {\"services\": [\"<instance GUID or Aiven service name>\"]}";

    public static string Required(string? value, string name) => value switch
    {
        null or "" => throw new OsbRefusal(OsbErrors.Invalid($"The field {name} is missing or empty.")),
        { Length: > LongestText } => throw new OsbRefusal(OsbErrors.Invalid($"The field {name} is longer than {LongestText} characters.")),
        _ => value,
    };

    public static string? NonEmpty(string? value, string name) =>
        value is "" ? throw new OsbRefusal(OsbErrors.Invalid($"The field {name} must not be empty.")) : value;

    private static string? Short(string? value, string name) => value is { Length: > LongestText }
        ? throw new OsbRefusal(OsbErrors.Invalid($"The field {name} is longer than {LongestText} characters."))
        : value;

    /// <summary>An optional object; null when absent or null.</summary>
    public static JsonElement? Object(JsonElement? value, string name) => value is null or { ValueKind: JsonValueKind.Object }
        ? value
        : throw new OsbRefusal(OsbErrors.Invalid($"The field {name} must be an object."));

    /// <summary>An optional string of an optional object, of 1 to 255 characters: names become labels of every series.</summary>
    public static string? Text(JsonElement? parent, string parentName, string name)
    {
        if (parent is not { } element || !element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String
            ? Short(NonEmpty(value.GetString(), $"{parentName}.{name}"), $"{parentName}.{name}")
            : throw new OsbRefusal(OsbErrors.Invalid($"The field {parentName}.{name} must be a string."));
    }

    /// <summary>
    /// Only the version counts (65), and it must be the plan's. A request that names none is of a platform that knows none.
    /// </summary>
    public static void CheckMaintenanceInfo(ServiceCatalog catalog, string planId, JsonElement? value)
    {
        var version = catalog.MaintenanceVersionOf(planId);
        if (Text(Object(value, "maintenance_info"), "maintenance_info", "version") is { } wanted && wanted != version)
            throw new OsbRefusal(OsbErrors.MaintenanceInfoConflict(version));
    }

    public static PlanScope CheckPlan(ServiceCatalog catalog, string? serviceId, string? planId)
    {
        CheckService(catalog, serviceId);
        return catalog.ScopeOf(Required(planId, "plan_id"))
            ?? throw new OsbRefusal(OsbErrors.Invalid("The field plan_id names no plan of this offering: see GET /v2/catalog."));
    }

    public static void CheckService(ServiceCatalog catalog, string? serviceId)
    {
        if (Required(serviceId, "service_id") != catalog.OfferingId)
            throw new OsbRefusal(OsbErrors.Invalid("The field service_id names no offering of this broker: see GET /v2/catalog."));
    }

    /// <summary>For requests that take no parameters: anything given is refused by its name.</summary>
    public static void CheckNoParameters(JsonElement? parameters, string what)
    {
        var names = Object(parameters, "parameters")?.EnumerateObject().Select(member => member.Name).ToList() ?? [];
        if (names.Count > 0)
            throw new OsbRefusal(OsbErrors.Invalid($"{what} takes no parameters, but got {Names(names)}: leave them out."));
    }

    /// <summary>Refuses parameters that are none of those that a request takes.</summary>
    public static void CheckOnly(JsonElement? parameters, IReadOnlyList<string> known, string what)
    {
        var unknown = parameters?.EnumerateObject().Select(member => member.Name).Where(name => !known.Contains(name, StringComparer.Ordinal)).ToList() ?? [];
        if (unknown.Count > 0)
            throw new OsbRefusal(OsbErrors.Invalid(
                $"{what} takes the {(known.Count == 1 ? "parameter" : "parameters")} {string.Join(" and ", known.Select(name => $"'{name}'"))} only, but got {Names(unknown)}: leave them out."));
    }

    /// <summary>The services that the parameter <c>services</c> names, as given.</summary>
    /// <param name="services">Its value.</param>
    /// <param name="least">How many it must name; at most 50.</param>
    public static IReadOnlyList<string> Services(JsonElement services, int least)
    {
        if (services.ValueKind != JsonValueKind.Array || services.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw new OsbRefusal(OsbErrors.Invalid($"The parameter 'services' must be an array of strings, {ServicesExample}."));

        var names = services.EnumerateArray().Select(item => item.GetString()!).ToList();
        if (names.Count < least || names.Count > CatalogOptions.MaximumServices)
            throw new OsbRefusal(OsbErrors.Invalid(
                $"The parameter 'services' must name {least} to {CatalogOptions.MaximumServices} services, but names {names.Count}."));
        if (names.Any(name => name.Length is 0 or > LongestText))
            throw new OsbRefusal(OsbErrors.Invalid($"Each of the parameter 'services' must have 1 to {LongestText} characters."));
        if (names.Distinct(StringComparer.Ordinal).Count() != names.Count)
            throw new OsbRefusal(OsbErrors.Invalid("The parameter 'services' names a service twice: name each once."));
        return names;
    }

    /// <summary>JSON whose text is equal when its content is: members sorted, no white space.</summary>
    public static string Canonical(JsonElement element)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Write(writer, element);
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
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    // Names come from the tenant and go back to it: few and short is enough to find the mistake.
    private static string Names(List<string> names) =>
        string.Join(", ", names.Take(5).Select(name => $"'{(name.Length > 64 ? name[..64] + "…" : name)}'"));
}
