using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace AivenMetrics.Broker.Api;

/// <summary>The API as an OpenAPI document, made from the code.</summary>
public static partial class OpenApiDescription
{
    /// <summary>Name of the document.</summary>
    public const string DocumentName = "v1";

    /// <summary>The document as YAML, always the same for the same code.</summary>
    /// <param name="services">
    /// Services of an application on which <c>AddBroker</c> and <c>MapBroker</c> were called, and which was started or at least
    /// had its pipeline put together by <c>UseRouting</c> and <c>UseEndpoints</c>: before that it knows no routes.
    /// </param>
    public static async Task<string> WriteYamlAsync(IServiceProvider services)
    {
        var document = services.GetRequiredService<ISwaggerProvider>().GetSwagger(DocumentName);
        var yaml = await document.SerializeAsYamlAsync(OpenApiSpecVersion.OpenApi3_0);
        return BareEquals().Replace(yaml, "${before}'='");
    }

    /// <summary>A bare = has a meaning of its own in YAML 1.1, whose readers then fail.</summary>
    [GeneratedRegex(@"^(?<before>\s*(- |\w+: ))=$", RegexOptions.Multiline)]
    private static partial Regex BareEquals();
}
