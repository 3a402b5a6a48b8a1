using System.Text.RegularExpressions;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace AivenMetrics.Broker.Api;

/// <summary>The API as an OpenAPI document, generated from the code.</summary>
public static partial class OpenApiDescription
{
    /// <summary>
    /// Paths of the XML files with the descriptions, beside the assemblies. An installation without them serves a document without
    /// descriptions.
    /// </summary>
    public static IReadOnlyList<string> CommentFiles { get; } =
    [
        .. new[] { typeof(BrokerOptions), typeof(TargetFeed) }.Select(type =>
            Path.Combine(AppContext.BaseDirectory, type.Assembly.GetName().Name + ".xml")
        ),
    ];

    /// <summary>Name of the document.</summary>
    public const string DocumentName = "v1";

    /// <summary>Returns the document as YAML. The same code always produces the same document.</summary>
    /// <param name="services">
    /// Services of an application on which <c>AddBroker</c> and <c>MapBroker</c> were called. It was started, or its pipeline was built by
    /// <c>UseRouting</c> and <c>UseEndpoints</c>; otherwise it has no routes.
    /// </param>
    public static async Task<string> WriteYamlAsync(IServiceProvider services)
    {
        var document = services.GetRequiredService<ISwaggerProvider>().GetSwagger(DocumentName);
        var yaml = await document.SerializeAsYamlAsync(OpenApiSpecVersion.OpenApi3_0);
        return BareEquals().Replace(yaml, "${before}'='");
    }

    /// <summary>A plain = has a special meaning in YAML 1.1, and its parsers fail on it.</summary>
    [GeneratedRegex(@"^(?<before>\s*(- |\w+: ))=$", RegexOptions.Multiline)]
    private static partial Regex BareEquals();
}
