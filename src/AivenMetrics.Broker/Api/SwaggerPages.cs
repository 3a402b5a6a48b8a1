using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Api;

/// <param name="Enabled">Whether the pages are there.</param>
internal sealed record SwaggerPagesOptions(bool Enabled);

/// <summary>
/// Swagger UI at <c>/swagger</c> with the document beside it, when configured. Neither asks for a password: openapi.yaml is public
/// and holds no secret; what is tried out from there asks for one as ever.
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
