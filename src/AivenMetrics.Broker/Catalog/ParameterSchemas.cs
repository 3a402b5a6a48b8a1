using System.Text.Json;
using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Catalog;

/// <summary>
/// JSON schemas of the parameters that users can set, in draft-04, the only draft that every Cloud Controller accepts. Platforms display
/// the schemas but do not enforce them; <see cref="PlanParameters"/> does. A test compares both.
/// </summary>
internal static class ParameterSchemas
{
    /// <summary>Maximum length of a schema in characters, as enforced by Cloud Controller.</summary>
    public const int MaximumLength = 65_536;

    private const string ServicesText = "The Aiven services to cover: instance GUIDs (cf service <name> --guid) or Aiven service names.";

    private static readonly JsonElement NoParameters = Schema("");

    private static readonly JsonElement ProvisionServices = Schema(
        Services(1, ServicesText + " Default for bindings that name no services.")
    );

    private static readonly JsonElement UpdateServices = Schema(
        Services(0, ServicesText + " Default for later bindings that name no services. An empty list removes the default.")
    );

    private static readonly JsonElement BindExpiry = Schema(ExpiresIn);

    private static readonly JsonElement BindServices = Schema(
        Services(1, ServicesText + " Required unless the service instance has default services.") + "," + ExpiresIn
    );

    /// <summary>Returns the schema of the parameters for provisioning.</summary>
    public static JsonElement Provision(PlanScope scope) => scope == PlanScope.Services ? ProvisionServices : NoParameters;

    /// <summary>Returns the schema of the parameters for an update.</summary>
    public static JsonElement Update(PlanScope scope) => scope == PlanScope.Services ? UpdateServices : NoParameters;

    /// <summary>Returns the schema of the parameters for binding.</summary>
    public static JsonElement Bind(PlanScope scope) => scope == PlanScope.Services ? BindServices : BindExpiry;

    private static string ExpiresIn =>
        $$"""
            "{{PlanParameters.ExpiresInParameter}}": {
              "description": "Lifetime of the credentials in hours or days, such as 12h or 90d. The operator sets the default and the maximum.",
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
