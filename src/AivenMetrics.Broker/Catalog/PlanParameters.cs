using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// Validates the parameters that users can set (docs/osb-conformance.md 64, 84 and 96). <see cref="ParameterSchemas"/> describes the same
/// rules to users.
/// </summary>
/// <param name="Services">
/// Names of services, as given; null if absent. Empty only if an update removes the services of the instance.
/// </param>
/// <param name="ExpiresIn">Requested lifetime of the credentials, at least 1 hour; null if absent.</param>
/// <param name="Error">Error in the parameters, as a sentence that names the field; null if they are valid.</param>
internal sealed record PlanParameters(IReadOnlyList<string>? Services, TimeSpan? ExpiresIn, string? Error)
{
    public const string ServicesParameter = "services";
    public const string ExpiresInParameter = "expires_in";

    /// <summary>Maximum length of a service name, in Unicode code points, as JSON Schema counts.</summary>
    public const int MaximumServiceNameLength = 255;

    private const string ServicesExample = "such as {\"services\": [\"<instance GUID or Aiven service name>\"]}";
    private const string ExpiresInExample = "hours or days such as \"12h\" or \"90d\", at most five digits";

    private static readonly PlanParameters None = new(null, null, null);

    /// <summary>Validates the parameters of a provision.</summary>
    /// <param name="scope">Scope of the plan.</param>
    /// <param name="given">The parameters: absent, null or an object. Anything else is an error.</param>
    public static PlanParameters ForProvision(PlanScope scope, JsonElement? given) =>
        Read(given, "Creating an instance of this plan", ParameterSchemas.Provision(scope), leastServices: 1);

    /// <summary>Validates the parameters of an update.</summary>
    /// <param name="scope">Scope of the plan after the update.</param>
    /// <param name="given">The parameters: absent, null or an object. Anything else is an error.</param>
    public static PlanParameters ForUpdate(PlanScope scope, JsonElement? given) =>
        Read(given, "Updating an instance of this plan", ParameterSchemas.Update(scope), leastServices: 0);

    /// <summary>
    /// Validates the parameters of a bind. The caller checks that plan <c>services</c> has services, from the bind or from the instance.
    /// </summary>
    /// <param name="scope">Scope of the plan.</param>
    /// <param name="given">The parameters: absent, null or an object. Anything else is an error.</param>
    public static PlanParameters ForBind(PlanScope scope, JsonElement? given) =>
        Read(given, "Binding of this plan", ParameterSchemas.Bind(scope), leastServices: 1);

    private static PlanParameters Read(JsonElement? given, string what, JsonElement schema, int leastServices)
    {
        if (given is not { ValueKind: not JsonValueKind.Null } parameters)
        {
            return None;
        }
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            return Invalid("The field parameters must be an object.");
        }
        // The schema is the only list of the allowed parameters.
        var known = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ToList();
        var unknown = parameters.EnumerateObject().Select(member => member.Name).Except(known, StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            return Invalid(
                $"{what} accepts {FormatAllowed(known)}; the request contains {FormatUnknown(unknown)}. "
                    + $"Remove {(unknown.Count == 1 ? "it" : "them")}."
            );
        }

        var read = None;
        if (parameters.TryGetProperty(ServicesParameter, out var services))
        {
            read = ReadServices(services, leastServices);
        }
        if (read.Error is null && parameters.TryGetProperty(ExpiresInParameter, out var expiresIn))
        {
            read = ReadExpiresIn(expiresIn) is { } time
                ? read with
                {
                    ExpiresIn = time,
                }
                : Invalid($"The parameter '{ExpiresInParameter}' must be {ExpiresInExample}.");
        }
        return read;
    }

    private static PlanParameters ReadServices(JsonElement given, int least)
    {
        if (given.ValueKind != JsonValueKind.Array)
        {
            return Invalid($"The parameter '{ServicesParameter}' must be an array of strings, {ServicesExample}.");
        }
        var count = given.GetArrayLength();
        if (count < least || count > CatalogOptions.MaximumServices)
        {
            return Invalid(
                $"The parameter '{ServicesParameter}' must name {least} to {CatalogOptions.MaximumServices} services, but names {count}."
            );
        }

        var names = new List<string>(count);
        foreach (var item in given.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
            {
                return Invalid(
                    $"The parameter '{ServicesParameter}' must be an array of strings, {ServicesExample}: "
                        + $"'{ServicesParameter}[{names.Count}]' is not a string."
                );
            }
            var name = item.GetString()!;
            if (name.Length == 0 || name.EnumerateRunes().Count() > MaximumServiceNameLength)
            {
                return Invalid(
                    $"Each value of the parameter '{ServicesParameter}' must have 1 to {MaximumServiceNameLength} characters: "
                        + $"'{ServicesParameter}[{names.Count}]' does not."
                );
            }
            if (names.IndexOf(name) is >= 0 and var first)
            {
                return Invalid(
                    $"The parameter '{ServicesParameter}' names a service twice, '{ServicesParameter}[{first}]' and "
                        + $"'{ServicesParameter}[{names.Count}]': name each once."
                );
            }
            names.Add(name);
        }

        return None with
        {
            Services = names,
        };
    }

    /// <summary>Parses one to five digits without a leading zero, followed by <c>h</c> or <c>d</c>; null if malformed.</summary>
    private static TimeSpan? ReadExpiresIn(JsonElement given)
    {
        if (
            given.ValueKind != JsonValueKind.String
            || given.GetString() is not { Length: >= 2 and <= 6 } text
            || text[0] == '0'
            || text.AsSpan(0, text.Length - 1).ContainsAnyExceptInRange('0', '9')
        )
        {
            return null;
        }
        var number = int.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
    }

    private static PlanParameters Invalid(string error) => new(null, null, error);

    private static string FormatAllowed(List<string> known) =>
        known.Count switch
        {
            0 => "no parameters",
            1 => $"only the parameter '{known[0]}'",
            _ => $"only the parameters {string.Join(" and ", known.Select(name => $"'{name}'"))}",
        };

    // The names come from the tenant. A few shortened names are enough to find the mistake.
    private static string FormatUnknown(List<string> names) =>
        string.Join(", ", names.Take(5).Select(name => $"'{(name.Length > 64 ? name[..64] + "…" : name)}'"));
}
