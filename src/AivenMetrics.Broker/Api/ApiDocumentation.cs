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

    /// <summary>A JSON body. Not <c>Accepts</c>: with that, routing itself would refuse other content types, and with 415.</summary>
    public static TBuilder WithBody<TBuilder>(this TBuilder endpoint, Type body, string? example)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedBody(body, example));

    /// <summary>What an answer means, with an example of its body.</summary>
    public static TBuilder WithResponse<TBuilder>(this TBuilder endpoint, int status, string description, string? example)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedResponse(status, description, example));

    /// <summary>A header of answers.</summary>
    /// <param name="endpoint">Whose.</param>
    /// <param name="name">The header's name.</param>
    /// <param name="description">What it says.</param>
    /// <param name="statuses">Of which answers; none: of all.</param>
    public static TBuilder WithResponseHeader<TBuilder>(this TBuilder endpoint, string name, string description, params int[] statuses)
        where TBuilder : IEndpointConventionBuilder => endpoint.WithMetadata(new DocumentedResponseHeader(name, description, statuses));

    /// <summary>Describes the whole API of the broker: OSB and feed.</summary>
    /// <param name="services">Where to.</param>
    /// <param name="pages">Whether <see cref="SwaggerPages"/> show it.</param>
    public static IServiceCollection AddApiDocumentation(this IServiceCollection services, bool pages)
    {
        services.AddSingleton(new SwaggerPagesOptions(pages));
        services.AddEndpointsApiExplorer();
        // The wire is snake_case without nulls: the schemas must say so too.
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
            options.AddSecurityDefinition(ApiSecurity.Platform, Http("basic", "User and password of the service broker."));
            options.AddSecurityDefinition(ApiSecurity.Discovery, Http("bearer", "Discovery's feed token."));
            options.AddSecurityDefinition(ApiSecurity.Gateway, Http("bearer", "The gateways' feed token."));
            options.SupportNonNullableReferenceTypes();
            options.NonNullableReferenceTypesAsRequired();
            // What is any JSON to the code is an object to the API.
            options.MapType<JsonElement>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
            options.MapType<JsonElement?>(() => new OpenApiSchema { Type = JsonSchemaType.Object });
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
