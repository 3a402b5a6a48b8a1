using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AivenMetrics.Broker.Api;

internal sealed record DocumentedSecurity(string Scheme);

internal sealed record DocumentedBody(Type Body, string? Example);

internal sealed record DocumentedParameter(string Name, ParameterLocation In, bool Required, string Description, JsonSchemaType Type);

internal sealed record DocumentedResponse(int Status, string Description, string? Example);

internal sealed record DocumentedResponseHeader(string Name, string Description, int[] Statuses);

/// <summary>
/// Adds path parameters and the metadata of <see cref="ApiDocumentation"/>. The handlers read requests themselves, so Swashbuckle does not
/// find these.
/// </summary>
internal sealed class DocumentedOperationFilter : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var noted = context.ApiDescription.ActionDescriptor.EndpointMetadata;
        operation.Parameters ??= [];
        foreach (var segment in (context.ApiDescription.RelativePath ?? "").Split('/').Where(segment => segment.StartsWith('{')))
        {
            Add(
                operation,
                new DocumentedParameter(
                    segment.Trim('{', '}'),
                    ParameterLocation.Path,
                    true,
                    "Any characters, percent-encoded. Maximum: 255 characters.",
                    JsonSchemaType.String
                )
            );
        }
        foreach (var parameter in noted.OfType<DocumentedParameter>())
        {
            Add(operation, parameter);
        }
        foreach (var body in noted.OfType<DocumentedBody>())
        {
            operation.RequestBody = CreateRequestBody(body, context);
        }
        foreach (var answer in noted.OfType<DocumentedResponse>())
        {
            DescribeResponse(operation, answer);
        }
        foreach (var header in noted.OfType<DocumentedResponseHeader>())
        {
            Add(operation, header);
        }
        foreach (var security in noted.OfType<DocumentedSecurity>())
        {
            (operation.Security ??= []).Add(
                new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(security.Scheme, context.Document)] = [] }
            );
        }
    }

    private static OpenApiRequestBody CreateRequestBody(DocumentedBody body, OperationFilterContext context) =>
        new()
        {
            Required = true,
            Content = new Dictionary<string, IOpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType
                {
                    Schema = context.SchemaGenerator.GenerateSchema(body.Body, context.SchemaRepository),
                    Example = ParseExample(body.Example),
                },
            },
        };

    private static void DescribeResponse(OpenApiOperation operation, DocumentedResponse answer)
    {
        if (FindResponse(operation, answer.Status) is not { } response)
        {
            return;
        }
        response.Description = answer.Description;
        if (
            response.Content is { } contents
            && contents.TryGetValue("application/json", out var media)
            && media is OpenApiMediaType content
        )
        {
            content.Example = ParseExample(answer.Example);
        }
    }

    private static void Add(OpenApiOperation operation, DocumentedResponseHeader header)
    {
        foreach (var (status, answer) in operation.Responses ?? [])
        {
            if (
                answer is OpenApiResponse response
                && (header.Statuses.Length == 0 || header.Statuses.Any(of => of.ToString(null, null) == status))
            )
            {
                (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[header.Name] = new OpenApiHeader
                {
                    Description = header.Description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                };
            }
        }
    }

    private static OpenApiResponse? FindResponse(OpenApiOperation operation, int status) =>
        operation.Responses is { } answers && answers.TryGetValue(status.ToString(null, null), out var response)
            ? response as OpenApiResponse
            : null;

    private static JsonNode? ParseExample(string? example) => example is null ? null : JsonNode.Parse(example);

    private static void Add(OpenApiOperation operation, DocumentedParameter parameter)
    {
        if (operation.Parameters!.Any(existing => existing.Name == parameter.Name && existing.In == parameter.In))
        {
            return;
        }
        operation.Parameters!.Add(
            new OpenApiParameter
            {
                Name = parameter.Name,
                In = parameter.In,
                Required = parameter.Required,
                Description = parameter.Description,
                Schema = new OpenApiSchema { Type = parameter.Type },
            }
        );
    }
}
