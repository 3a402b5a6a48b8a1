using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Api;

/// <param name="Enabled">True to serve the pages.</param>
internal sealed record SwaggerPagesOptions(bool Enabled);

/// <summary>
/// Serves Swagger UI at <c>/swagger</c>, with the OpenAPI document, if configured. Neither needs a password, because openapi.yaml is public
/// and contains no secret. Requests sent from the page are authenticated as usual.
/// </summary>
internal static class SwaggerPages
{
    private const string Folder = "/swagger";

    public static IEndpointRouteBuilder MapSwaggerPages(this IEndpointRouteBuilder routes)
    {
        if (!routes.ServiceProvider.GetRequiredService<SwaggerPagesOptions>().Enabled)
        {
            return routes;
        }
        routes.MapGet($"{Folder}/openapi.yaml", async context =>
        {
            context.Response.ContentType = "application/yaml";
            await context.Response.WriteAsync(await OpenApiDescription.WriteYamlAsync(context.RequestServices), context.RequestAborted);
        });
        routes.MapSwaggerUI(Folder.TrimStart('/'), options =>
        {
            options.DocumentTitle = "AivenMetrics";
            options.SwaggerEndpoint("openapi.yaml", OpenApiDescription.DocumentName);
        });
        return routes;
    }
}
