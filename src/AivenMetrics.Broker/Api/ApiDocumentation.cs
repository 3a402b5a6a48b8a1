using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace AivenMetrics.Broker.Api;

/// <summary>Names of the security schemes in openapi.yaml.</summary>
internal static class ApiSecurity
{
    /// <summary>The platform's HTTP basic authentication.</summary>
    public const string Platform = "platform";

    /// <summary>Discovery's bearer token.</summary>
    public const string Discovery = "discovery";

    /// <summary>The gateways' bearer token.</summary>
    public const string Gateway = "gateway";
}

/// <summary>What an endpoint tells about itself beyond what routing knows; only openapi.yaml reads it.</summary>
internal static class ApiDocumentation
{
    public static TBuilder WithSecurity<TBuilder>(this TBuilder endpoint, string scheme)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedSecurity(scheme));

    public static TBuilder WithQuery<TBuilder>(this TBuilder endpoint, string name, bool required, string description)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new DocumentedParameter(name, ParameterLocation.Query, required, description));

    public static TBuilder WithHeader<TBuilder>(this TBuilder endpoint, string name, bool required, string description)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new DocumentedParameter(name, ParameterLocation.Header, required, description));

    /// <summary>A JSON body. Not <c>Accepts</c>: with that, routing itself would refuse other content types, and with 415.</summary>
    public static TBuilder WithBody<TBuilder>(this TBuilder endpoint, Type body)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedBody(body));

    /// <summary>Describes the whole API of the broker: OSB and feed.</summary>
    public static IServiceCollection AddApiDocumentation(this IServiceCollection services)
    {
        services.AddEndpointsApiExplorer();
        // The wire is snake_case without nulls: the schemas must say so too.
        var wire = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        services.AddTransient<ISerializerDataContractResolver>(provider =>
            new JsonSerializerDataContractResolver(wire, provider.GetRequiredService<SchemaGeneratorOptions>()));
        return services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(OpenApiDescription.Name, new OpenApiInfo
            {
                Title = "AivenMetrics",
                Version = "v1",
                Description = "The broker: the Open Service Broker API for platforms, and the feeds for discovery and gateways.",
            });
            options.AddSecurityDefinition(ApiSecurity.Platform, Http("basic", "User and password of the service broker."));
            options.AddSecurityDefinition(ApiSecurity.Discovery, Http("bearer", "Discovery's feed token."));
            options.AddSecurityDefinition(ApiSecurity.Gateway, Http("bearer", "The gateways' feed token."));
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            options.OperationFilter<DocumentedOperation>();
        });
    }

    private static OpenApiSecurityScheme Http(string scheme, string description) =>
        new() { Type = SecuritySchemeType.Http, Scheme = scheme, Description = description };
}

internal sealed record DocumentedSecurity(string Scheme);

internal sealed record DocumentedBody(Type Body);

internal sealed record DocumentedParameter(string Name, ParameterLocation In, bool Required, string Description);

/// <summary>Adds path parameters and what <see cref="ApiDocumentation"/> noted: our handlers read the request themselves.</summary>
internal sealed class DocumentedOperation : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        operation.Parameters ??= [];
        var description = context.ApiDescription;
        foreach (var segment in (description.RelativePath ?? "").Split('/').Where(segment => segment.StartsWith('{')))
            Add(operation, new DocumentedParameter(segment.Trim('{', '}'), ParameterLocation.Path, true, "Any characters, percent-encoded."));
        foreach (var parameter in description.ActionDescriptor.EndpointMetadata.OfType<DocumentedParameter>())
            Add(operation, parameter);
        foreach (var body in description.ActionDescriptor.EndpointMetadata.OfType<DocumentedBody>())
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, IOpenApiMediaType>
                {
                    ["application/json"] = new OpenApiMediaType
                    {
                        Schema = context.SchemaGenerator.GenerateSchema(body.Body, context.SchemaRepository),
                    },
                },
            };
        foreach (var security in description.ActionDescriptor.EndpointMetadata.OfType<DocumentedSecurity>())
            (operation.Security ??= []).Add(new OpenApiSecurityRequirement
            {
                [new OpenApiSecuritySchemeReference(security.Scheme, context.Document)] = [],
            });
    }

    private static void Add(OpenApiOperation operation, DocumentedParameter parameter)
    {
        if (operation.Parameters!.Any(existing => existing.Name == parameter.Name && existing.In == parameter.In))
            return;
        operation.Parameters!.Add(new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.In,
            Required = parameter.Required,
            Description = parameter.Description,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        });
    }
}
