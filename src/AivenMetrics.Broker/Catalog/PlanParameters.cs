using System.Globalization;
using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// The one enforcement of the parameters that users may give (osb.md 64, 84, 96); <see cref="ParameterSchemas"/> tells users the
/// same rules.
/// </summary>
/// <param name="Services">As given; null: not given. Empty only when an update takes the instance's services away.</param>
/// <param name="ExpiresIn">How long the credentials shall be valid, at least an hour; null: not given.</param>
/// <param name="Error">What is wrong with the parameters and what to do, in a sentence that names the field; null: nothing.</param>
internal sealed record PlanParameters(IReadOnlyList<string>? Services, TimeSpan? ExpiresIn, string? Error)
{
    public const string ServicesParameter = "services";
    public const string ExpiresInParameter = "expires_in";

    /// <summary>Most characters (Unicode code points, as JSON Schema counts) of a service's name.</summary>
    public const int MaximumServiceNameLength = 255;

    private const string ServicesExample = "such as {\"services\": [\"<instance GUID or Aiven service name>\"]}";
    private const string ExpiresInExample = "hours or days such as \"12h\" or \"90d\", at most five digits";

    private static readonly PlanParameters None = new(null, null, null);

    /// <summary>Parameters of a provision.</summary>
    /// <param name="scope">The plan's.</param>
    /// <param name="given">Absent, null or an object; anything else is a fault.</param>
    public static PlanParameters ForProvision(PlanScope scope, JsonElement? given) =>
        Read(given, "Creating an instance of this plan", ParameterSchemas.Provision(scope), leastServices: 1);

    /// <summary>Parameters of an update.</summary>
    /// <param name="scope">That of the plan after the update.</param>
    /// <param name="given">Absent, null or an object; anything else is a fault.</param>
    public static PlanParameters ForUpdate(PlanScope scope, JsonElement? given) =>
        Read(given, "Updating an instance of this plan", ParameterSchemas.Update(scope), leastServices: 0);

    /// <summary>
    /// Parameters of a bind. That plan <c>services</c> needs services from the bind or from the instance is for the caller to check.
    /// </summary>
    /// <param name="scope">The plan's.</param>
    /// <param name="given">Absent, null or an object; anything else is a fault.</param>
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
        // Which parameters there are is said once, in the schema.
        var known = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ToList();
        var unknown = parameters.EnumerateObject().Select(member => member.Name).Except(known, StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
        {
            return Invalid(
                $"{what} takes {FormatAllowed(known)}, but got {FormatUnknown(unknown)}: leave {(unknown.Count == 1 ? "it" : "them")} out."
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
                    $"The parameter '{ServicesParameter}' must be an array of strings, {ServicesExample}: '{ServicesParameter}[{names.Count}]' is none."
                );
            }
            var name = item.GetString()!;
            if (name.Length == 0 || name.EnumerateRunes().Count() > MaximumServiceNameLength)
            {
                return Invalid(
                    $"Each of the parameter '{ServicesParameter}' must have 1 to {MaximumServiceNameLength} characters: '{ServicesParameter}[{names.Count}]' has not."
                );
            }
            if (names.IndexOf(name) is >= 0 and var first)
            {
                return Invalid(
                    $"The parameter '{ServicesParameter}' names a service twice, '{ServicesParameter}[{first}]' and '{ServicesParameter}[{names.Count}]': name each once."
                );
            }
            names.Add(name);
        }

        return None with
        {
            Services = names,
        };
    }

    /// <summary>One to five digits without a leading zero, and <c>h</c> or <c>d</c>; null: something else.</summary>
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

    private static PlanParameters Invalid(string fault) => new(null, null, fault);

    private static string FormatAllowed(List<string> known) =>
        known.Count switch
        {
            0 => "no parameters",
            1 => $"the parameter '{known[0]}' only",
            _ => $"the parameters {string.Join(" and ", known.Select(name => $"'{name}'"))} only",
        };

    // Names come from the tenant and go back to it: few and short is enough to find the mistake.
    private static string FormatUnknown(List<string> names) =>
        string.Join(", ", names.Take(5).Select(name => $"'{(name.Length > 64 ? name[..64] + "…" : name)}'"));
}
