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
/// <param name="Fault">What is wrong with the parameters and what to do, in a sentence that names the field; null: nothing.</param>
internal sealed record PlanParameters(IReadOnlyList<string>? Services, TimeSpan? ExpiresIn, string? Fault)
{
    public const string ServicesName = "services";
    public const string ExpiresInName = "expires_in";

    /// <summary>Most characters (Unicode code points, as JSON Schema counts) of a service's name.</summary>
    public const int LongestName = 255;

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
            return None;
        if (parameters.ValueKind != JsonValueKind.Object)
            return Wrong("The field parameters must be an object.");
        // Which parameters there are is said once, in the schema.
        var known = schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).ToList();
        var unknown = parameters.EnumerateObject().Select(member => member.Name).Except(known, StringComparer.Ordinal).ToList();
        if (unknown.Count > 0)
            return Wrong($"{what} takes {Listed(known)}, but got {Names(unknown)}: leave {(unknown.Count == 1 ? "it" : "them")} out.");

        var read = None;
        if (parameters.TryGetProperty(ServicesName, out var services))
            read = ReadServices(services, leastServices);
        if (read.Fault is null && parameters.TryGetProperty(ExpiresInName, out var expiresIn))
            read = ReadExpiresIn(expiresIn) is { } time
                ? read with { ExpiresIn = time }
                : Wrong($"The parameter '{ExpiresInName}' must be {ExpiresInExample}.");
        return read;
    }

    private static PlanParameters ReadServices(JsonElement given, int least)
    {
        if (given.ValueKind != JsonValueKind.Array)
            return Wrong($"The parameter '{ServicesName}' must be an array of strings, {ServicesExample}.");
        var count = given.GetArrayLength();
        if (count < least || count > CatalogOptions.MaximumServices)
            return Wrong($"The parameter '{ServicesName}' must name {least} to {CatalogOptions.MaximumServices} services, but names {count}.");

        var names = new List<string>(count);
        foreach (var item in given.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String)
                return Wrong($"The parameter '{ServicesName}' must be an array of strings, {ServicesExample}: '{ServicesName}[{names.Count}]' is none.");
            var name = item.GetString()!;
            if (name.Length == 0 || name.EnumerateRunes().Count() > LongestName)
                return Wrong($"Each of the parameter '{ServicesName}' must have 1 to {LongestName} characters: '{ServicesName}[{names.Count}]' has not.");
            if (names.IndexOf(name) is >= 0 and var first)
                return Wrong($"The parameter '{ServicesName}' names a service twice, '{ServicesName}[{first}]' and '{ServicesName}[{names.Count}]': name each once.");
            names.Add(name);
        }

        return None with { Services = names };
    }

    /// <summary>One to five digits without a leading zero, and <c>h</c> or <c>d</c>; null: something else.</summary>
    private static TimeSpan? ReadExpiresIn(JsonElement given)
    {
        if (given.ValueKind != JsonValueKind.String || given.GetString() is not { Length: >= 2 and <= 6 } text
            || text[0] == '0' || text.AsSpan(0, text.Length - 1).ContainsAnyExceptInRange('0', '9'))
            return null;
        var number = int.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            'h' => TimeSpan.FromHours(number),
            'd' => TimeSpan.FromDays(number),
            _ => null,
        };
    }

    private static PlanParameters Wrong(string fault) => new(null, null, fault);

    private static string Listed(List<string> known) => known.Count switch
    {
        0 => "no parameters",
        1 => $"the parameter '{known[0]}' only",
        _ => $"the parameters {string.Join(" and ", known.Select(name => $"'{name}'"))} only",
    };

    // Names come from the tenant and go back to it: few and short is enough to find the mistake.
    private static string Names(List<string> names) =>
        string.Join(", ", names.Take(5).Select(name => $"'{(name.Length > 64 ? name[..64] + "…" : name)}'"));
}
