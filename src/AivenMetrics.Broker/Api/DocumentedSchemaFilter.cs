using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AivenMetrics.Broker.Api;

/// <summary>
/// Completes schemas with facts that the types do not express: required members of requests, enumeration values, deprecated members and
/// additional properties.
/// </summary>
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

    /// <summary>Members that exist for old platforms only.</summary>
    private static readonly string[] Deprecated =
    [
        "ProvisionRequest.organization_guid",
        "ProvisionRequest.space_guid",
        "BindRequest.app_guid",
    ];

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        var type = context.Type.Name;
        if (
            schema is not OpenApiSchema own
            || context.MemberInfo is not null
            || context.Type.Namespace?.StartsWith("AivenMetrics.", StringComparison.Ordinal) != true
        )
        {
            return;
        }
        // The broker ignores unknown members of requests, and clients must ignore those of responses (docs/osb-conformance.md 11).
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
            field.Deprecated = Deprecated.Contains($"{type}.{name}");
            // Absent values are omitted; null is never sent.
            field.Type &= ~JsonSchemaType.Null;
            if (EnumValues.GetValueOrDefault($"{type}.{name}") is { } values)
            {
                field.Enum = [.. values.Select(value => (JsonNode)value)];
            }
        }
    }
}
