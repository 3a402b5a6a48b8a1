using System.Text.Json;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Filters rules and alerts by their own labels. The operator's rules have no tenant's labels and are not returned.</summary>
internal static class RulesFilter
{
    private static readonly string[] GroupFields = ["interval", "limit", "evaluationTime", "lastEvaluation"];

    /// <summary>Writes the data of <c>/api/v1/rules</c>.</summary>
    public static void WriteRules(UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteStartArray("groups");
        foreach (var group in input.GetDataList("groups"))
        {
            var rules = UpstreamData
                .GetList(group, "rules")
                .Where(rule => input.Scope.Matches(UpstreamData.GetMember(rule, "labels")))
                .ToArray();
            if (rules.Length > 0)
            {
                WriteGroup(group, rules, input, to);
            }
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }

    /// <summary>Writes the data of <c>/api/v1/alerts</c>.</summary>
    public static void WriteAlerts(UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        WriteAlertsInScope(input.Data, input, to);
        to.WriteEndObject();
    }

    private static void WriteGroup(JsonElement group, JsonElement[] rules, UpstreamData input, Utf8JsonWriter to)
    {
        var name = UpstreamData.GetText(group, "name");
        to.WriteStartObject();
        to.WriteString("name", name);
        // The path of the file is internal to the operator. The name identifies the group as well.
        to.WriteString("file", name);
        foreach (var member in GroupFields)
        {
            if (!group.TryGetProperty(member, out var value))
            {
                continue;
            }
            to.WritePropertyName(member);
            value.WriteTo(to);
        }

        to.WriteStartArray("rules");
        foreach (var rule in rules)
        {
            to.WriteStartObject();
            foreach (var member in rule.EnumerateObject())
            {
                WriteMember(member, rule, input, to);
            }
            to.WriteEndObject();
        }

        to.WriteEndArray();
        to.WriteEndObject();
    }

    private static void WriteMember(JsonProperty member, JsonElement rule, UpstreamData input, Utf8JsonWriter to)
    {
        if (member.NameEquals("alerts"))
        {
            WriteAlertsInScope(rule, input, to);
        }
        else if (member.NameEquals("lastError"))
        {
            to.WriteString(
                "lastError",
                member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() is "" ? "" : "the rule failed"
            );
        }
        else
        {
            member.WriteTo(to);
        }
    }

    private static void WriteAlertsInScope(JsonElement parent, UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartArray("alerts");
        foreach (var alert in UpstreamData.GetList(parent, "alerts"))
        {
            if (input.Scope.Matches(UpstreamData.GetMember(alert, "labels")))
            {
                alert.WriteTo(to);
            }
        }
        to.WriteEndArray();
    }
}
