using System.Text.Json;
using System.Text.RegularExpressions;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>Rules of the specification and of Cloud Controller for a catalog (requirements 24 to 34, 37, and B5).</summary>
internal static partial class CatalogRules
{
    private const int RecommendedLength = 255;
    private const int MaximumDescriptionLength = 10_000;
    private const int MaximumTagsLength = 2_048;
    private const int MaximumMaintenanceInfoLength = 2_000;
    private const int MaximumSchemaLength = 65_536;
    private static readonly string[] KnownRequires = ["syslog_drain", "route_forwarding", "volume_mount"];
    private static readonly string[] OfferingBooleans =
    [
        "instances_retrievable",
        "bindings_retrievable",
        "allow_context_updates",
        "plan_updateable",
    ];
    private static readonly string[] PlanBooleans = ["free", "bindable", "plan_updateable", "binding_rotatable"];

    /// <summary>Returns the violations in the body of a catalog.</summary>
    public static IReadOnlyList<Finding> Validate(JsonElement? body)
    {
        List<Finding> findings = [];
        if (JsonMembers.Member(body, "services") is not { ValueKind: JsonValueKind.Array } services)
        {
            return [new("24", "services is not an array", "catalog")];
        }
        if (services.GetArrayLength() == 0)
        {
            findings.Add(new("B5", "Cloud Controller rejects a catalog without offerings", "services"));
        }
        JsonElement[] offerings = [.. services.EnumerateArray()];
        JsonElement[] plans = [.. offerings.SelectMany(offering => JsonMembers.Items(offering, "plans"))];
        findings.AddRange(FindDuplicates(offerings, "id", "26", "services"));
        findings.AddRange(FindDuplicates(offerings, "name", "25", "services"));
        findings.AddRange(FindDuplicates(plans, "id", "28", "services[].plans"));
        findings.AddRange(
            FindDuplicates(
                offerings.Select(offering => JsonMembers.Member(offering, "dashboard_client")).OfType<JsonElement>(),
                "id",
                "B5",
                "services[].dashboard_client"
            )
        );
        foreach ((var index, var offering) in offerings.Index())
        {
            findings.AddRange(ValidateOffering(offering, $"services[{index}]"));
        }
        return findings;
    }

    private static IEnumerable<Finding> ValidateOffering(JsonElement offering, string where)
    {
        if (offering.ValueKind != JsonValueKind.Object)
        {
            return [new("29", "not an object", where)];
        }
        JsonElement[] plans = [.. JsonMembers.Items(offering, "plans")];
        return
        [
            .. ValidateTexts(offering, where, "25"),
            .. JsonMembers.Text(offering, "name") is { } name && !CliFriendlyName().IsMatch(name)
                ? [new Finding("25", "has characters other than letters, digits, period and hyphen", where + ".name")]
                : Array.Empty<Finding>(),
            .. JsonMembers.Boolean(offering, "bindable") is null
                ? [new Finding("26", "is missing or not a boolean", where + ".bindable")]
                : Array.Empty<Finding>(),
            .. ValidateBooleans(offering, where, OfferingBooleans),
            .. ValidateTags(offering, where),
            .. ValidateRequires(offering, where),
            .. ValidateMetadata(offering, where),
            .. ValidateDashboardClient(offering, where),
            .. plans.Length == 0 ? [new Finding("28", "an offering needs at least one plan", where + ".plans")] : Array.Empty<Finding>(),
            .. FindDuplicates(plans, "name", "28", where + ".plans"),
            .. plans.Index().SelectMany(plan => ValidatePlan(plan.Item, $"{where}.plans[{plan.Index}]")),
        ];
    }

    private static IEnumerable<Finding> ValidatePlan(JsonElement plan, string where)
    {
        if (plan.ValueKind != JsonValueKind.Object)
        {
            return [new("29", "not an object", where)];
        }
        return
        [
            .. ValidateTexts(plan, where, "28"),
            .. ValidateBooleans(plan, where, PlanBooleans),
            .. ValidateMetadata(plan, where),
            .. JsonMembers.Member(plan, "maximum_polling_duration") is { } seconds
            && !(seconds.ValueKind == JsonValueKind.Number && seconds.TryGetInt64(out _))
                ? [new Finding("29", "is not a whole number of seconds", where + ".maximum_polling_duration")]
                : Array.Empty<Finding>(),
            .. ValidateMaintenanceInfo(plan, where),
            .. ValidateSchemas(plan, where),
        ];
    }

    /// <summary>id, name and description: strings, not blank, not too long.</summary>
    private static IEnumerable<Finding> ValidateTexts(JsonElement json, string where, string requirement)
    {
        foreach (var name in (string[])["id", "name", "description"])
        {
            var text = JsonMembers.Text(json, name);
            var longest = name == "description" ? MaximumDescriptionLength : RecommendedLength;
            if (string.IsNullOrWhiteSpace(text))
            {
                yield return new(requirement, "is missing, blank or not a string", $"{where}.{name}");
            }
            else if (text.Length > longest)
            {
                yield return new("B5", $"is longer than {longest} characters", $"{where}.{name}");
            }
            else if (text.Length > RecommendedLength)
            {
                yield return new("34", $"is longer than {RecommendedLength} characters", $"{where}.{name}");
            }
        }
    }

    private static IEnumerable<Finding> ValidateBooleans(JsonElement json, string where, string[] names) =>
        names
            .Where(name => JsonMembers.Member(json, name) is not null && JsonMembers.Boolean(json, name) is null)
            .Select(name => new Finding("29", "is not a boolean", $"{where}.{name}"));

    private static IEnumerable<Finding> ValidateTags(JsonElement offering, string where)
    {
        if (JsonMembers.Member(offering, "tags") is not { } tags)
        {
            yield break;
        }
        if (tags.ValueKind != JsonValueKind.Array || tags.EnumerateArray().Any(tag => tag.ValueKind != JsonValueKind.String))
        {
            yield return new("29", "is not an array of strings (Cloud Controller rejects null)", where + ".tags");
        }
        else if (string.Join(',', tags.EnumerateArray().Select(tag => tag.GetString())).Length > MaximumTagsLength)
        {
            yield return new("B5", $"is longer than {MaximumTagsLength} characters in total", where + ".tags");
        }
    }

    private static IEnumerable<Finding> ValidateRequires(JsonElement offering, string where) =>
        JsonMembers.Member(offering, "requires") is { } requires
        && !(
            requires.ValueKind == JsonValueKind.Array
            && requires.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && KnownRequires.Contains(item.GetString()))
        )
            ? [new("29", $"is not an array of {string.Join(", ", KnownRequires)}", where + ".requires")]
            : [];

    private static IEnumerable<Finding> ValidateMetadata(JsonElement json, string where)
    {
        if (JsonMembers.Member(json, "metadata") is not { } metadata)
        {
            yield break;
        }
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            yield return new("29", "is not an object", where + ".metadata");
        }
        else if (JsonMembers.Member(metadata, "shareable") is not null && JsonMembers.Boolean(metadata, "shareable") is null)
        {
            yield return new("B5", "is not a boolean", where + ".metadata.shareable");
        }
    }

    private static IEnumerable<Finding> ValidateDashboardClient(JsonElement offering, string where)
    {
        if (JsonMembers.Member(offering, "dashboard_client") is not { } client)
        {
            return [];
        }
        return ((string[])["id", "secret", "redirect_uri"])
            .Where(name => string.IsNullOrWhiteSpace(JsonMembers.Text(client, name)))
            .Select(name => new Finding("B5", "is missing or blank", $"{where}.dashboard_client.{name}"));
    }

    private static IEnumerable<Finding> ValidateMaintenanceInfo(JsonElement plan, string where)
    {
        if (JsonMembers.Member(plan, "maintenance_info") is not { } info)
        {
            yield break;
        }
        if (JsonMembers.Text(info, "version") is not { } version || !SemanticVersion().IsMatch(version))
        {
            yield return new("33", "is missing or not a semantic version", where + ".maintenance_info.version");
        }
        if (info.ValueKind == JsonValueKind.Object && info.EnumerateObject().Any(member => member.Name is not ("version" or "description")))
        {
            yield return new("B5", "has members other than version and description", where + ".maintenance_info");
        }
        if (info.GetRawText().Length > MaximumMaintenanceInfoLength)
        {
            yield return new("B5", $"is longer than {MaximumMaintenanceInfoLength} characters", where + ".maintenance_info");
        }
    }

    private static IEnumerable<Finding> ValidateSchemas(JsonElement plan, string where)
    {
        if (JsonMembers.Member(plan, "schemas") is not { } schemas)
        {
            yield break;
        }
        foreach (
            (var resource, var action) in ((string, string)[])
                [("service_instance", "create"), ("service_instance", "update"), ("service_binding", "create")]
        )
        {
            var path = $"{where}.schemas.{resource}.{action}.parameters";
            if (JsonMembers.Member(JsonMembers.Member(JsonMembers.Member(schemas, resource), action), "parameters") is not { } schema)
            {
                continue;
            }
            if (JsonSerializer.Serialize(schema).Length > MaximumSchemaLength)
            {
                yield return new("32", $"is longer than {MaximumSchemaLength} characters", path);
            }
            if (JsonMembers.Text(schema, "$schema") is null)
            {
                yield return new("32", "does not have $schema", path);
            }
            foreach ((var location, var error) in JsonSchemaDraft04.Validate(schema))
            {
                yield return new(error.StartsWith("refers to", StringComparison.Ordinal) ? "32" : "B5", error, path + location);
            }
        }
    }

    private static IEnumerable<Finding> FindDuplicates(IEnumerable<JsonElement> items, string name, string requirement, string where) =>
        items
            .Select(item => JsonMembers.Text(item, name))
            .Where(text => text is not null)
            .GroupBy(text => text, StringComparer.Ordinal)
            .Where(group => group.Count() > 1)
            .Select(group => new Finding(requirement, $"{name} '{group.Key}' occurs {group.Count()} times", where));

    [GeneratedRegex("^[A-Za-z0-9.-]+$")]
    private static partial Regex CliFriendlyName();

    // The grammar of Semantic Versioning 2.0.0.
    [GeneratedRegex(@"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$")]
    private static partial Regex SemanticVersion();
}
