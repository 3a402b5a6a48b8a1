using System.Globalization;
using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>Rules for the body of each endpoint, as strict as Cloud Controller's parser, which takes no null for an absent field.</summary>
internal static class BodyRules
{
    private const int LongestOperation = 10_000;
    private static readonly string[] States = ["in progress", "succeeded", "failed"];

    /// <summary>What is wrong with a successful answer.</summary>
    public static IEnumerable<Finding> Faults(Answer answer)
    {
        if (!answer.IsSuccess || answer.Object is not { } body)
            return [];
        Body fields = new(answer, body);
        return answer.Ask.Endpoint switch
        {
            Endpoint.Provision or Endpoint.Update => [.. Operation(fields), .. fields.Is("dashboard_url", "B4", JsonValueKind.String, JsonValueKind.Null), .. Metadata(fields)],
            Endpoint.Deprovision or Endpoint.Unbind => Operation(fields),
            Endpoint.Bind => [.. Operation(fields), .. Bound(fields), .. Metadata(fields)],
            Endpoint.FetchInstance => Fetched(fields),
            Endpoint.FetchBinding => [.. FetchedBinding(fields), .. Bound(fields), .. Metadata(fields)],
            Endpoint.InstanceOperation or Endpoint.BindingOperation => LastOperation(fields),
            _ => [],
        };
    }

    private static IEnumerable<Finding> Operation(Body fields)
    {
        if (fields.Answer.Status != 202 || fields["operation"] is not { } operation)
            yield break;
        if (operation.ValueKind != JsonValueKind.String)
            yield return fields.Fault("B4", "operation is not a string (Cloud Controller takes no null)");
        else if (operation.GetString()!.Length > LongestOperation)
            yield return fields.Fault("43", $"operation is longer than {LongestOperation} characters");
        else if (operation.GetString()!.Length == 0)
            yield return fields.Fault("43", "operation is empty");
    }

    private static IEnumerable<Finding> Metadata(Body fields)
    {
        foreach (Finding fault in fields.Is("metadata", "B4", JsonValueKind.Object))
            yield return fault;
        foreach (string member in (string[])["labels", "attributes"])
        {
            if (Json.Member(fields["metadata"], member) is { ValueKind: not JsonValueKind.Object })
                yield return fields.Fault("B4", $"metadata.{member} is not an object");
        }
    }

    private static IEnumerable<Finding> Fetched(Body fields) =>
    [
        .. fields.Is("service_id", "B4", JsonValueKind.String), .. fields.Is("plan_id", "B4", JsonValueKind.String),
        .. fields.Is("dashboard_url", "B4", JsonValueKind.String), .. fields.Is("parameters", "B4", JsonValueKind.Object),
        .. fields.Is("maintenance_info", "73", JsonValueKind.Object), .. Metadata(fields),
    ];

    private static IEnumerable<Finding> FetchedBinding(Body fields) =>
    [
        .. fields.Is("parameters", "B4", JsonValueKind.Object), .. fields.Is("credentials", "B4", JsonValueKind.Object),
        .. fields.Is("syslog_drain_url", "B4", JsonValueKind.String), .. fields.Is("route_service_url", "B4", JsonValueKind.String),
        .. fields.Is("volume_mounts", "B4", JsonValueKind.Array),
    ];

    private static IEnumerable<Finding> Bound(Body fields)
    {
        if (fields.Answer.Status == 202)
        {
            if (fields["credentials"] is not null)
                yield return fields.Fault("90", "a 202 holds credentials");
            yield break;
        }

        foreach (Finding fault in fields.Is("credentials", "B4", JsonValueKind.Object, JsonValueKind.Null))
            yield return fault;
        foreach ((string field, string requires) in ((string, string)[])[("syslog_drain_url", "syslog_drain"), ("route_service_url", "route_forwarding"), ("volume_mounts", "volume_mount")])
        {
            bool given = fields[field] is { ValueKind: not JsonValueKind.Null } value && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
            if (given && !fields.Answer.Ask.Requires.Contains(requires))
                yield return fields.Fault("99", $"{field} though the offering does not say requires: {requires}");
        }

        if (Json.Text(fields.Value, "route_service_url") is { } route && !(Uri.TryCreate(route, UriKind.Absolute, out Uri? url) && url.Scheme == "https" && url.Host.Length > 0))
            yield return fields.Fault("B4", "route_service_url is not an https URL with a host");
        foreach (Finding fault in Endpoints(fields).Concat(Times(fields)))
            yield return fault;
    }

    private static IEnumerable<Finding> Endpoints(Body fields)
    {
        foreach (Finding fault in fields.Is("endpoints", "98", JsonValueKind.Array))
            yield return fault;
        foreach (JsonElement endpoint in Json.Items(fields.Value, "endpoints"))
        {
            JsonElement[] ports = [.. Json.Items(endpoint, "ports")];
            if (string.IsNullOrEmpty(Json.Text(endpoint, "host")))
                yield return fields.Fault("98", "an endpoint without host");
            if (ports.Length == 0 || !ports.All(port => port.ValueKind == JsonValueKind.String && IsPortRange(port.GetString()!)))
                yield return fields.Fault("98", "an endpoint whose ports are not strings such as \"443\" or \"9000-9010\"");
            if (Json.Member(endpoint, "protocol") is { } protocol && !(protocol.ValueKind == JsonValueKind.String && protocol.GetString() is "tcp" or "udp" or "all"))
                yield return fields.Fault("98", "an endpoint whose protocol is not tcp, udp or all");
        }
    }

    private static IEnumerable<Finding> Times(Body fields)
    {
        Dictionary<string, DateTimeOffset> times = [];
        foreach (string name in (string[])["expires_at", "renew_before"])
        {
            if (Json.Member(fields["metadata"], name) is not { } value)
                continue;
            if (value.ValueKind == JsonValueKind.String
                && DateTimeOffset.TryParseExact(value.GetString(), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                times[name] = at;
            else
                yield return fields.Fault("101", $"metadata.{name} is not a time of the form yyyy-mm-ddThh:mm:ss.sZ");
        }

        if (times.Count == 2 && times["renew_before"] > times["expires_at"])
            yield return fields.Fault("101", "metadata.renew_before is after expires_at");
    }

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", .. Enumerable.Range(1, 7).Select(digits => $"yyyy-MM-dd'T'HH:mm:ss.{new string('f', digits)}'Z'")];

    private static IEnumerable<Finding> LastOperation(Body fields)
    {
        string? state = Json.Text(fields.Value, "state");
        if (!States.Contains(state))
            yield return fields.Fault("47", "state is not one of in progress, succeeded, failed");
        if (fields["description"] is { } text && !(text.ValueKind == JsonValueKind.String && text.GetString()!.Length > 0))
            yield return fields.Fault("48", "description is not a non-empty text");
        foreach (string flag in (string[])["instance_usable", "update_repeatable"])
        {
            if (fields[flag] is { } value && (state != "failed" || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)))
                yield return fields.Fault("55", $"{flag} in an operation that has not failed, or not a boolean");
        }
    }

    private static bool IsPortRange(string text)
    {
        string[] ends = text.Split('-');
        return ends.Length is 1 or 2 && ends.All(end => ushort.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0);
    }

    /// <summary>A body with the answer that it came with.</summary>
    private readonly record struct Body(Answer Answer, JsonElement Value)
    {
        public JsonElement? this[string name] => Json.Member(Value, name);

        public Finding Fault(string requirement, string seen) => new(requirement, seen, Answer.Where);

        /// <summary>A member that is there must be of one of these kinds.</summary>
        public IEnumerable<Finding> Is(string name, string requirement, params JsonValueKind[] kinds) =>
            this[name] is { } value && !kinds.Contains(value.ValueKind)
                ? [Fault(requirement, value.ValueKind == JsonValueKind.Null ? $"{name} is null; leave it out instead" : $"{name} has the wrong type")]
                : [];
    }
}
