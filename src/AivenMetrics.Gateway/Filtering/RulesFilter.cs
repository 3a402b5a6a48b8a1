using System.Text.Json;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>Rules and alerts whose own labels are in scope. Rules of the operator carry no tenant's labels and are nobody's.</summary>
internal static class RulesFilter
{
    private static readonly string[] GroupPlain = ["interval", "limit", "evaluationTime", "lastEvaluation"];

    /// <summary>Writes the data of <c>/api/v1/rules</c>.</summary>
    public static void WriteRules(FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteStartArray("groups");
        foreach (var group in input.List("groups"))
        {
            var rules = FilterInput.ListOf(group, "rules").Where(rule => input.Scope.Hold(FilterInput.Member(rule, "labels"))).ToArray();
            if (rules.Length > 0)
                WriteGroup(group, rules, input, to);
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }

    /// <summary>Writes the data of <c>/api/v1/alerts</c>.</summary>
    public static void WriteAlerts(FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        WriteOwnAlerts(input.Data, input, to);
        to.WriteEndObject();
    }

    private static void WriteGroup(JsonElement group, JsonElement[] rules, FilterInput input, Utf8JsonWriter to)
    {
        var name = FilterInput.Text(group, "name");
        to.WriteStartObject();
        to.WriteString("name", name);
        // Where the operator keeps the file is not for tenants; the name keeps groups apart just as well.
        to.WriteString("file", name);
        foreach (var member in GroupPlain)
        {
            if (!group.TryGetProperty(member, out var value))
                continue;
            to.WritePropertyName(member);
            value.WriteTo(to);
        }

        to.WriteStartArray("rules");
        foreach (var rule in rules)
        {
            to.WriteStartObject();
            foreach (var member in rule.EnumerateObject())
                WriteMember(member, rule, input, to);
            to.WriteEndObject();
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }

    private static void WriteMember(JsonProperty member, JsonElement rule, FilterInput input, Utf8JsonWriter to)
    {
        if (member.NameEquals("alerts"))
            WriteOwnAlerts(rule, input, to);
        else if (member.NameEquals("lastError"))
            to.WriteString("lastError", member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is "" ? "" : "the rule failed");
        else
            member.WriteTo(to);
    }

    private static void WriteOwnAlerts(JsonElement parent, FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartArray("alerts");
        foreach (var alert in FilterInput.ListOf(parent, "alerts"))
            if (input.Scope.Hold(FilterInput.Member(alert, "labels")))
                alert.WriteTo(to);
        to.WriteEndArray();
    }
}
