using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>What Cloud Controller and the specification ask of a catalog (24 to 34, 37, B5).</summary>
internal static partial class CatalogRules
{
    private const int RecommendedLength = 255;
    private const int LongestDescription = 10_000;
    private const int LongestTags = 2_048;
    private const int LongestMaintenanceInfo = 2_000;
    private const int LongestSchema = 65_536;
    private static readonly string[] KnownRequires = ["syslog_drain", "route_forwarding", "volume_mount"];
    private static readonly string[] OfferingFlags = ["instances_retrievable", "bindings_retrievable", "allow_context_updates", "plan_updateable"];
    private static readonly string[] PlanFlags = ["free", "bindable", "plan_updateable", "binding_rotatable"];

    /// <summary>What is wrong with the body of a catalog.</summary>
    public static IReadOnlyList<Finding> Faults(JsonElement? body)
    {
        List<Finding> faults = [];
        if (Json.Member(body, "services") is not { ValueKind: JsonValueKind.Array } services)
            return [new("24", "services is not an array", "catalog")];
        if (services.GetArrayLength() == 0)
            faults.Add(new("B5", "Cloud Controller refuses a catalog without offerings", "services"));
        JsonElement[] offerings = [.. services.EnumerateArray()];
        JsonElement[] plans = [.. offerings.SelectMany(offering => Json.Items(offering, "plans"))];
        faults.AddRange(Twice(offerings, "id", "26", "services"));
        faults.AddRange(Twice(offerings, "name", "25", "services"));
        faults.AddRange(Twice(plans, "id", "28", "services[].plans"));
        faults.AddRange(Twice(offerings.Select(offering => Json.Member(offering, "dashboard_client")).OfType<JsonElement>(), "id", "B5", "services[].dashboard_client"));
        foreach ((int index, JsonElement offering) in offerings.Index())
            faults.AddRange(OfferingFaults(offering, $"services[{index}]"));
        return faults;
    }

    private static IEnumerable<Finding> OfferingFaults(JsonElement offering, string where)
    {
        if (offering.ValueKind != JsonValueKind.Object)
            return [new("29", "not an object", where)];
        JsonElement[] plans = [.. Json.Items(offering, "plans")];
        return
        [
            .. Texts(offering, where, "25"),
            .. Json.Text(offering, "name") is { } name && !Friendly().IsMatch(name) ? [new Finding("25", "has other characters than letters, digits, period and hyphen", where + ".name")] : Array.Empty<Finding>(),
            .. Json.Flag(offering, "bindable") is null ? [new Finding("26", "is missing or not a boolean", where + ".bindable")] : Array.Empty<Finding>(),
            .. Flags(offering, where, OfferingFlags),
            .. Tags(offering, where),
            .. Requires(offering, where),
            .. Metadata(offering, where),
            .. DashboardClient(offering, where),
            .. plans.Length == 0 ? [new Finding("28", "an offering needs at least one plan", where + ".plans")] : Array.Empty<Finding>(),
            .. Twice(plans, "name", "28", where + ".plans"),
            .. plans.Index().SelectMany(plan => PlanFaults(plan.Item, $"{where}.plans[{plan.Index}]")),
        ];
    }

    private static IEnumerable<Finding> PlanFaults(JsonElement plan, string where)
    {
        if (plan.ValueKind != JsonValueKind.Object)
            return [new("29", "not an object", where)];
        return
        [
            .. Texts(plan, where, "28"),
            .. Flags(plan, where, PlanFlags),
            .. Metadata(plan, where),
            .. Json.Member(plan, "maximum_polling_duration") is { } seconds && !(seconds.ValueKind == JsonValueKind.Number && seconds.TryGetInt64(out _))
                ? [new Finding("29", "is not a whole number of seconds", where + ".maximum_polling_duration")]
                : Array.Empty<Finding>(),
            .. MaintenanceInfo(plan, where),
            .. Schemas(plan, where),
        ];
    }

    /// <summary>id, name and description: strings, not blank, not too long.</summary>
    private static IEnumerable<Finding> Texts(JsonElement json, string where, string requirement)
    {
        foreach (string name in (string[])["id", "name", "description"])
        {
            string? text = Json.Text(json, name);
            int longest = name == "description" ? LongestDescription : RecommendedLength;
            if (string.IsNullOrWhiteSpace(text))
                yield return new(requirement, "is missing, blank or not a string", $"{where}.{name}");
            else if (text.Length > longest)
                yield return new("B5", $"is longer than {longest} characters", $"{where}.{name}");
            else if (text.Length > RecommendedLength)
                yield return new("34", $"is longer than {RecommendedLength} characters", $"{where}.{name}");
        }
    }

    private static IEnumerable<Finding> Flags(JsonElement json, string where, string[] names) =>
        names.Where(name => Json.Member(json, name) is not null && Json.Flag(json, name) is null)
            .Select(name => new Finding("29", "is not a boolean", $"{where}.{name}"));

    private static IEnumerable<Finding> Tags(JsonElement offering, string where)
    {
        if (Json.Member(offering, "tags") is not { } tags)
            yield break;
        if (tags.ValueKind != JsonValueKind.Array || tags.EnumerateArray().Any(tag => tag.ValueKind != JsonValueKind.String))
            yield return new("29", "is not an array of strings (Cloud Controller takes no null)", where + ".tags");
        else if (string.Join(',', tags.EnumerateArray().Select(tag => tag.GetString())).Length > LongestTags)
            yield return new("B5", $"is longer than {LongestTags} characters together", where + ".tags");
    }

    private static IEnumerable<Finding> Requires(JsonElement offering, string where) =>
        Json.Member(offering, "requires") is { } requires
        && !(requires.ValueKind == JsonValueKind.Array && requires.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && KnownRequires.Contains(item.GetString())))
            ? [new("29", $"is not an array of {string.Join(", ", KnownRequires)}", where + ".requires")]
            : [];

    private static IEnumerable<Finding> Metadata(JsonElement json, string where)
    {
        if (Json.Member(json, "metadata") is not { } metadata)
            yield break;
        if (metadata.ValueKind != JsonValueKind.Object)
            yield return new("29", "is not an object", where + ".metadata");
        else if (Json.Member(metadata, "shareable") is not null && Json.Flag(metadata, "shareable") is null)
            yield return new("B5", "is not a boolean", where + ".metadata.shareable");
    }

    private static IEnumerable<Finding> DashboardClient(JsonElement offering, string where)
    {
        if (Json.Member(offering, "dashboard_client") is not { } client)
            return [];
        return ((string[])["id", "secret", "redirect_uri"]).Where(name => string.IsNullOrWhiteSpace(Json.Text(client, name)))
            .Select(name => new Finding("B5", "is missing or blank", $"{where}.dashboard_client.{name}"));
    }

    private static IEnumerable<Finding> MaintenanceInfo(JsonElement plan, string where)
    {
        if (Json.Member(plan, "maintenance_info") is not { } info)
            yield break;
        if (Json.Text(info, "version") is not { } version || !SemanticVersion().IsMatch(version))
            yield return new("33", "is missing or no semantic version", where + ".maintenance_info.version");
        if (info.ValueKind == JsonValueKind.Object && info.EnumerateObject().Any(member => member.Name is not ("version" or "description")))
            yield return new("B5", "has other members than version and description", where + ".maintenance_info");
        if (info.GetRawText().Length > LongestMaintenanceInfo)
            yield return new("B5", $"is longer than {LongestMaintenanceInfo} characters", where + ".maintenance_info");
    }

    private static IEnumerable<Finding> Schemas(JsonElement plan, string where)
    {
        if (Json.Member(plan, "schemas") is not { } schemas)
            yield break;
        foreach ((string resource, string action) in ((string, string)[])[("service_instance", "create"), ("service_instance", "update"), ("service_binding", "create")])
        {
            string path = $"{where}.schemas.{resource}.{action}.parameters";
            if (Json.Member(Json.Member(Json.Member(schemas, resource), action), "parameters") is not { } schema)
                continue;
            if (JsonSerializer.Serialize(schema).Length > LongestSchema)
                yield return new("32", $"is longer than {LongestSchema} characters", path);
            if (Json.Text(schema, "$schema") is null)
                yield return new("32", "does not say $schema", path);
            foreach ((string place, string fault) in Draft04.Faults(schema))
                yield return new(fault.StartsWith("refers to", StringComparison.Ordinal) ? "32" : "B5", fault, path + place);
        }
    }

    private static IEnumerable<Finding> Twice(IEnumerable<JsonElement> items, string name, string requirement, string where) =>
        items.Select(item => Json.Text(item, name)).Where(text => text is not null).GroupBy(text => text, StringComparer.Ordinal).Where(group => group.Count() > 1)
            .Select(group => new Finding(requirement, $"{name} '{group.Key}' is there {group.Count()} times", where));

    [GeneratedRegex("^[A-Za-z0-9.-]+$")]
    private static partial Regex Friendly();

    // As semver.org 2.0 writes it down.
    [GeneratedRegex(@"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$")]
    private static partial Regex SemanticVersion();
}
