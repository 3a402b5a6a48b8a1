using System.Text.Json;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// The parameters of an instance (osb.md 64, 79, 84): for plan <c>services</c> the services of bindings that name none; plan
/// <c>space</c> has no parameters.
/// </summary>
/// <param name="Services">As given.</param>
internal sealed record InstanceParameters(IReadOnlyList<string> Services)
{
    /// <summary>None.</summary>
    public const string None = "{}";

    /// <summary>As the row keeps them: canonical JSON.</summary>
    public string Json =>
        Services.Count == 0
            ? None
            : OsbFields.CanonicalJson(
                JsonSerializer.SerializeToElement(
                    new Dictionary<string, IReadOnlyList<string>> { [PlanParameters.ServicesParameter] = Services },
                    OsbJson.Default.DictionaryStringIReadOnlyListString
                )
            );

    /// <summary>Reads the parameters of a provision, or of an update, for which an empty list clears the default.</summary>
    /// <returns>Null: nothing was given, which changes nothing.</returns>
    /// <exception cref="OsbException">They are not what the plan takes: 400, naming the parameter.</exception>
    public static InstanceParameters? Read(PlanScope scope, JsonElement? parameters, bool update)
    {
        var read = update ? PlanParameters.ForUpdate(scope, parameters) : PlanParameters.ForProvision(scope, parameters);
        return OsbFields.RequireValid(read).Services is { } services ? new InstanceParameters(services) : null;
    }
}
