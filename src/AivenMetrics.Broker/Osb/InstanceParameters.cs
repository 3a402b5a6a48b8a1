using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The parameters of an instance (docs/osb-conformance.md 64, 79 and 84). Plan <c>services</c>: default services of bindings that name
/// none. Plan <c>space</c>: no parameters.
/// </summary>
/// <param name="Services">Names of the services, as given.</param>
internal sealed record InstanceParameters(IReadOnlyList<string> Services)
{
    /// <summary>JSON of empty parameters.</summary>
    public const string None = "{}";

    /// <summary>Canonical JSON for the database row.</summary>
    public string Json =>
        Services.Count == 0
            ? None
            : OsbFields.CanonicalJson(
                JsonSerializer.SerializeToElement(
                    new Dictionary<string, IReadOnlyList<string>> { [PlanParameters.ServicesParameter] = Services },
                    OsbJson.Default.DictionaryStringIReadOnlyListString
                )
            );

    /// <summary>Validates the parameters of a provision or an update. In an update, an empty list removes the default services.</summary>
    /// <returns>The parameters; null if none were given, which changes nothing.</returns>
    /// <exception cref="OsbException">The plan does not accept the parameters: 400, which names the parameter.</exception>
    public static InstanceParameters? Read(PlanScope scope, JsonElement? parameters, bool update)
    {
        var read = update ? PlanParameters.ForUpdate(scope, parameters) : PlanParameters.ForProvision(scope, parameters);
        return OsbFields.RequireValid(read).Services is { } services ? new InstanceParameters(services) : null;
    }
}
