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
    /// <summary>HTTP basic authentication of the platform.</summary>
    public const string Platform = "platform";

    /// <summary>Bearer token of discovery.</summary>
    public const string Discovery = "discovery";

    /// <summary>Bearer token of the gateways.</summary>
    public const string Gateway = "gateway";
}

/// <summary>Extension methods that add metadata for openapi.yaml to endpoints. Routing does not use it.</summary>
internal static class ApiDocumentation
{
    public static TBuilder WithSecurity<TBuilder>(this TBuilder endpoint, string scheme)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedSecurity(scheme));

    public static TBuilder WithQuery<TBuilder>(
        this TBuilder endpoint,
        string name,
        bool required,
        string description,
        JsonSchemaType type = JsonSchemaType.String
    )
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new DocumentedParameter(name, ParameterLocation.Query, required, description, type));

    public static TBuilder WithHeader<TBuilder>(this TBuilder endpoint, string name, bool required, string description)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new DocumentedParameter(name, ParameterLocation.Header, required, description, JsonSchemaType.String));

    /// <summary>Adds a JSON body. <c>Accepts</c> is not used: with it, routing rejects other content types with 415.</summary>
    public static TBuilder WithBody<TBuilder>(this TBuilder endpoint, Type body, string? example)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedBody(body, example));

    /// <summary>Adds the description of a response, with an example of its body.</summary>
    public static TBuilder WithResponse<TBuilder>(this TBuilder endpoint, int status, string description, string? example)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedResponse(status, description, example));

    /// <summary>Adds a response header.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="name">Name of the header.</param>
    /// <param name="description">Description of the header.</param>
    /// <param name="statuses">Statuses of the responses with this header; none: all responses.</param>
    public static TBuilder WithResponseHeader<TBuilder>(this TBuilder endpoint, string name, string description, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedResponseHeader(name, description, statuses));

    /// <summary>Registers the description of the broker's API: OSB and feeds.</summary>
    /// <param name="services">The services.</param>
    /// <param name="pages">True to serve <see cref="SwaggerPages"/>.</param>
    public static IServiceCollection AddApiDocumentation(this IServiceCollection services, bool pages)
    {
        services.AddSingleton(new SwaggerPagesOptions(pages));
        services.AddEndpointsApiExplorer();
        // JSON uses snake_case without nulls; the schemas must match.
        var wire = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        services.AddTransient<ISerializerDataContractResolver>(provider => new JsonSerializerDataContractResolver(
            wire,
            provider.GetRequiredService<SchemaGeneratorOptions>()
        ));
        return services.AddSwaggerGen(options =>
        {
            options.SwaggerDoc(
                OpenApiDescription.DocumentName,
                new OpenApiInfo
                {
                    Title = "AivenMetrics",
                    Version = "v1",
                    Description = "The broker: the Open Service Broker API for platforms, and the feeds for discovery and gateways.",
                }
            );
            options.AddSecurityDefinition(ApiSecurity.Platform, Http("basic", "User name and password of the service broker."));
            options.AddSecurityDefinition(ApiSecurity.Discovery, Http("bearer", "Feed token of discovery."));
            options.AddSecurityDefinition(ApiSecurity.Gateway, Http("bearer", "Feed token of the gateways."));
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            // JsonElement stands for an object in this API.
            options.MapType<JsonElement>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
            options.MapType<JsonElement?>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
            foreach (var file in OpenApiDescription.CommentFiles.Where(File.Exists))
            {
                options.IncludeXmlComments(file);
            }
            options.OperationFilter<DocumentedOperationFilter>();
            options.SchemaFilter<DocumentedSchemaFilter>();
        });
    }

    private static OpenApiSecurityScheme Http(string scheme, string description) =>
        new()
        {
            Type = SecuritySchemeType.Http,
            Scheme = scheme,
            Description = description,
        };
}
