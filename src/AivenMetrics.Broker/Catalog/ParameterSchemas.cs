using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// The parameters that users may give, as JSON Schema draft-04: the only draft that every Cloud Controller takes (osb.md B5).
/// Platforms show them and do not enforce them: <see cref="PlanParameters"/> does, and a test holds the two to each other.
/// </summary>
internal static class ParameterSchemas
{
    /// <summary>Most characters of one schema, a rule of Cloud Controller.</summary>
    public const int MaximumLength = 65_536;

    private const string ServicesText = "The Aiven services to show: instance GUIDs (cf service <name> --guid) or Aiven service names.";

    private static readonly JsonElement NoParameters = Schema("");

    private static readonly JsonElement ProvisionServices = Schema(Services(1, ServicesText + " Bindings that name none get these."));

    private static readonly JsonElement UpdateServices = Schema(
        Services(0, ServicesText + " Later bindings that name none get these; an empty list: every binding has to name its own.")
    );

    private static readonly JsonElement BindExpiry = Schema(ExpiresIn);

    private static readonly JsonElement BindServices = Schema(
        Services(1, ServicesText + " Required unless the service instance has services of its own.") + "," + ExpiresIn
    );

    /// <summary>What provisioning takes.</summary>
    public static JsonElement Provision(PlanScope scope) => scope == PlanScope.Services ? ProvisionServices : NoParameters;

    /// <summary>What an update takes.</summary>
    public static JsonElement Update(PlanScope scope) => scope == PlanScope.Services ? UpdateServices : NoParameters;

    /// <summary>What binding takes.</summary>
    public static JsonElement Bind(PlanScope scope) => scope == PlanScope.Services ? BindServices : BindExpiry;

    private static string ExpiresIn =>
        $$"""
            "{{PlanParameters.ExpiresInParameter}}": {
              "description": "How long the credentials are valid: hours or days, such as 12h or 90d. Default and longest time are the operator's.",
              "type": "string",
              "pattern": "^[1-9][0-9]{0,4}[hd]$"
            }
            """;

    private static string Services(int least, string description) =>
        $$"""
            "{{PlanParameters.ServicesParameter}}": {
              "description": "{{description}}",
              "type": "array",
              "minItems": {{least}},
              "maxItems": {{CatalogOptions.MaximumServices}},
              "uniqueItems": true,
              "items": { "type": "string", "minLength": 1, "maxLength": {{PlanParameters.MaximumServiceNameLength}} }
            }
            """;

    private static JsonElement Schema(string properties)
    {
        using var document = JsonDocument.Parse(
            $$"""
            {
              "$schema": "http://json-schema.org/draft-04/schema#",
              "type": "object",
              "additionalProperties": false,
              "properties": { {{properties}} }
            }
            """
        );
        return document.RootElement.Clone();
    }
}
