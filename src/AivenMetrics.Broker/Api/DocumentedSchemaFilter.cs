using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AivenMetrics.Broker.Api;

/// <summary>Adds what types cannot say: descriptions, required members of requests, words of enumerations, and that more members may come.</summary>
internal sealed class DocumentedSchemaFilter : ISchemaFilter
{
    private static readonly Dictionary<string, string[]> RequiredInRequests = new()
    {
        ["ProvisionRequest"] = ["service_id", "plan_id", "organization_guid", "space_guid"],
        ["UpdateRequest"] = ["service_id"],
        ["BindRequest"] = ["service_id", "plan_id"],
    };

    private static readonly Dictionary<string, string[]> EnumValues = new()
    {
        ["LastOperationResponse.state"] = ["in progress", "succeeded", "failed"],
        ["ErrorResponse.error"] = ["AsyncRequired", "ConcurrencyError", "MaintenanceInfoConflict"],
    };

    /// <summary>Members that are kept for old platforms only.</summary>
    private static readonly string[] Deprecated =
    [
        "ProvisionRequest.organization_guid",
        "ProvisionRequest.space_guid",
        "BindRequest.app_guid",
    ];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        var type = context.Type.Name;
        if (schema is not OpenApiSchema own || context.MemberInfo is not null || FieldDescriptions.Of(type) is not { } description)
        {
            return;
        }
        own.Description = description;
        // Unknown members are ignored on the way in, and readers of ours must ignore them too (osb.md 11).
        own.AdditionalPropertiesAllowed = true;
        foreach (var name in RequiredInRequests.GetValueOrDefault(type, []))
        {
            (own.Required ??= new HashSet<string>()).Add(name);
        }
        foreach (var (name, member) in own.Properties ?? new Dictionary<string, IOpenApiSchema>())
        {
            if (member is not OpenApiSchema field)
            {
                continue;
            }
            field.Description = FieldDescriptions.Of($"{type}.{name}");
            field.Deprecated = Deprecated.Contains($"{type}.{name}");
            // What is absent is left out: no null is ever sent.
            field.Type &= ~JsonSchemaType.Null;
            if (EnumValues.GetValueOrDefault($"{type}.{name}") is { } words)
            {
                field.Enum = [.. words.Select(word => (JsonNode)word)];
            }
        }
    }
}
