using System.Globalization;
using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Rules;

/// <summary>
/// Rules for the bodies of each endpoint, as strict as Cloud Controller's parser, which rejects null for an absent field.
/// </summary>
internal static class BodyRules
{
    private const int MaximumOperationLength = 10_000;
    private static readonly string[] States = ["in progress", "succeeded", "failed"];

    /// <summary>Returns the violations in the body of a successful response.</summary>
    public static IEnumerable<Finding> Validate(OsbResponse response)
    {
        if (!response.IsSuccess || response.BodyObject is not { } body)
        {
            return [];
        }
        ResponseBody fields = new(response, body);
        return response.Call.Endpoint switch
        {
            Endpoint.Provision or Endpoint.Update =>
            [
                .. ValidateOperation(fields),
                .. fields.RequireKind("dashboard_url", "B4", JsonValueKind.String, JsonValueKind.Null),
                .. ValidateMetadata(fields),
            ],
            Endpoint.Deprovision or Endpoint.Unbind => ValidateOperation(fields),
            Endpoint.Bind => [.. ValidateOperation(fields), .. ValidateBinding(fields), .. ValidateMetadata(fields)],
            Endpoint.FetchInstance => ValidateInstance(fields),
            Endpoint.FetchBinding => [.. ValidateFetchedBinding(fields), .. ValidateBinding(fields), .. ValidateMetadata(fields)],
            Endpoint.InstanceOperation or Endpoint.BindingOperation => ValidateLastOperation(fields),
            _ => [],
        };
    }

    private static IEnumerable<Finding> ValidateOperation(ResponseBody fields)
    {
        if (fields.Answer.Status != 202 || fields["operation"] is not { } operation)
        {
            yield break;
        }
        if (operation.ValueKind != JsonValueKind.String)
        {
            yield return fields.CreateFinding("B4", "operation is not a string (Cloud Controller rejects null)");
        }
        else if (operation.GetString()!.Length > MaximumOperationLength)
        {
            yield return fields.CreateFinding("43", $"operation is longer than {MaximumOperationLength} characters");
        }
        else if (operation.GetString()!.Length == 0)
        {
            yield return fields.CreateFinding("43", "operation is empty");
        }
    }

    private static IEnumerable<Finding> ValidateMetadata(ResponseBody fields)
    {
        foreach (var finding in fields.RequireKind("metadata", "B4", JsonValueKind.Object))
        {
            yield return finding;
        }
        foreach (var member in (string[])["labels", "attributes"])
        {
            if (JsonMembers.Member(fields["metadata"], member) is { ValueKind: not JsonValueKind.Object })
            {
                yield return fields.CreateFinding("B4", $"metadata.{member} is not an object");
            }
        }
    }

    private static IEnumerable<Finding> ValidateInstance(ResponseBody fields) =>
        [
            .. fields.RequireKind("service_id", "B4", JsonValueKind.String),
            .. fields.RequireKind("plan_id", "B4", JsonValueKind.String),
            .. fields.RequireKind("dashboard_url", "B4", JsonValueKind.String),
            .. fields.RequireKind("parameters", "B4", JsonValueKind.Object),
            .. fields.RequireKind("maintenance_info", "73", JsonValueKind.Object),
            .. ValidateMetadata(fields),
        ];

    private static IEnumerable<Finding> ValidateFetchedBinding(ResponseBody fields) =>
        [
            .. fields.RequireKind("parameters", "B4", JsonValueKind.Object),
            .. fields.RequireKind("credentials", "B4", JsonValueKind.Object),
            .. fields.RequireKind("syslog_drain_url", "B4", JsonValueKind.String),
            .. fields.RequireKind("route_service_url", "B4", JsonValueKind.String),
            .. fields.RequireKind("volume_mounts", "B4", JsonValueKind.Array),
        ];

    private static IEnumerable<Finding> ValidateBinding(ResponseBody fields)
    {
        if (fields.Answer.Status == 202)
        {
            if (fields["credentials"] is not null)
            {
                yield return fields.CreateFinding("90", "a 202 contains credentials");
            }
            yield break;
        }

        foreach (var finding in fields.RequireKind("credentials", "B4", JsonValueKind.Object, JsonValueKind.Null))
        {
            yield return finding;
        }
        foreach (
            (var field, var requires) in ((string, string)[])
                [("syslog_drain_url", "syslog_drain"), ("route_service_url", "route_forwarding"), ("volume_mounts", "volume_mount")]
        )
        {
            var given =
                fields[field] is { ValueKind: not JsonValueKind.Null } value
                && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0);
            if (given && !fields.Answer.Call.Requires.Contains(requires))
            {
                yield return fields.CreateFinding("99", $"{field} although the offering does not have requires: {requires}");
            }
        }

        if (
            JsonMembers.Text(fields.Value, "route_service_url") is { } route
            && !(Uri.TryCreate(route, UriKind.Absolute, out var url) && url.Scheme == "https" && url.Host.Length > 0)
        )
        {
            yield return fields.CreateFinding("B4", "route_service_url is not an https URL with a host");
        }
        foreach (var finding in ValidateEndpoints(fields).Concat(ValidateTimes(fields)))
        {
            yield return finding;
        }
    }

    private static IEnumerable<Finding> ValidateEndpoints(ResponseBody fields)
    {
        foreach (var finding in fields.RequireKind("endpoints", "98", JsonValueKind.Array))
        {
            yield return finding;
        }
        foreach (var endpoint in JsonMembers.Items(fields.Value, "endpoints"))
        {
            JsonElement[] ports = [.. JsonMembers.Items(endpoint, "ports")];
            if (string.IsNullOrEmpty(JsonMembers.Text(endpoint, "host")))
            {
                yield return fields.CreateFinding("98", "an endpoint without host");
            }
            if (ports.Length == 0 || !ports.All(port => port.ValueKind == JsonValueKind.String && IsPortRange(port.GetString()!)))
            {
                yield return fields.CreateFinding("98", "an endpoint whose ports are not strings such as \"443\" or \"9000-9010\"");
            }
            if (
                JsonMembers.Member(endpoint, "protocol") is { } protocol
                && !(protocol.ValueKind == JsonValueKind.String && protocol.GetString() is "tcp" or "udp" or "all")
            )
            {
                yield return fields.CreateFinding("98", "an endpoint whose protocol is not tcp, udp or all");
            }
        }
    }

    private static IEnumerable<Finding> ValidateTimes(ResponseBody fields)
    {
        Dictionary<string, DateTimeOffset> times = [];
        foreach (var name in (string[])["expires_at", "renew_before"])
        {
            if (JsonMembers.Member(fields["metadata"], name) is not { } value)
            {
                continue;
            }
            if (
                value.ValueKind == JsonValueKind.String
                && DateTimeOffset.TryParseExact(
                    value.GetString(),
                    Formats,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out var at
                )
            )
            {
                times[name] = at;
            }
            else
            {
                yield return fields.CreateFinding("101", $"metadata.{name} is not a time of the form yyyy-mm-ddThh:mm:ss.sZ");
            }
        }

        if (times.Count == 2 && times["renew_before"] > times["expires_at"])
        {
            yield return fields.CreateFinding("101", "metadata.renew_before is after expires_at");
        }
    }

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        .. Enumerable.Range(1, 7).Select(digits => $"yyyy-MM-dd'T'HH:mm:ss.{new string('f', digits)}'Z'"),
    ];

    private static IEnumerable<Finding> ValidateLastOperation(ResponseBody fields)
    {
        var state = JsonMembers.Text(fields.Value, "state");
        if (!States.Contains(state))
        {
            yield return fields.CreateFinding("47", "state is not one of in progress, succeeded, failed");
        }
        if (fields["description"] is { } text && !(text.ValueKind == JsonValueKind.String && text.GetString()!.Length > 0))
        {
            yield return fields.CreateFinding("48", "description is not a non-empty text");
        }
        foreach (var flag in (string[])["instance_usable", "update_repeatable"])
        {
            if (fields[flag] is { } value && (state != "failed" || value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)))
            {
                yield return fields.CreateFinding("55", $"{flag} in an operation that has not failed, or not a boolean");
            }
        }
    }

    private static bool IsPortRange(string text)
    {
        var ends = text.Split('-');
        return ends.Length is 1 or 2
            && ends.All(end => ushort.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0);
    }

    /// <summary>A body with its response.</summary>
    private readonly record struct ResponseBody(OsbResponse Answer, JsonElement Value)
    {
        public JsonElement? this[string name] => JsonMembers.Member(Value, name);

        public Finding CreateFinding(string requirement, string seen) => new(requirement, seen, Answer.Location);

        /// <summary>Requires that a member, if present, has one of these kinds.</summary>
        public IEnumerable<Finding> RequireKind(string name, string requirement, params JsonValueKind[] kinds) =>
            this[name] is { } value && !kinds.Contains(value.ValueKind)
                ?
                [
                    CreateFinding(
                        requirement,
                        value.ValueKind == JsonValueKind.Null ? $"{name} is null; omit it instead" : $"{name} has the wrong type"
                    ),
                ]
                : [];
    }
}
