using System.CommandLine;
using AivenMetrics.Broker;
using AivenMetrics.Broker.Api;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Commands;

/// <summary>
/// <c>aiven-metrics openapi</c>: prints the APIs of broker and gateway as OpenAPI YAML, generated from the code. It starts no server.
/// </summary>
internal static class OpenApiCommand
{
    public static Command Create()
    {
        var command = new Command(
            "openapi",
            "Prints the APIs of broker and gateway as OpenAPI YAML. openapi.yaml in the repository is this output."
        );
        command.SetAction(
            async (_, _) =>
            {
                if (OpenApiDescription.CommentFiles.FirstOrDefault(file => !File.Exists(file)) is { } missing)
                {
                    await Console.Error.WriteLineAsync(
                        $"The descriptions cannot be read: there is no file {missing}. Publish the program with its XML files."
                    );
                    return 1;
                }

                Console.Write(await YamlAsync());
                return 0;
            }
        );
        return command;
    }

    internal static async Task<string> YamlAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        // Standard output contains only the document.
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddBroker(
            new BrokerOptions
            {
                GatewayUrl = "https://metrics.example.com",
                EncryptionKeys =
                {
                    new EncryptionKeyOptions { Id = "none", Key = Convert.ToBase64String(new byte[32]) },
                },
            }
        );
        builder.Services.ConfigureSwaggerGen(options => options.DocumentFilter<GatewayDocumentFilter>());
        await using var app = builder.Build();
        app.UseRouting();
        app.MapBroker();
        // Building the pipeline registers the endpoints for the description; the application is never started.
        app.UseEndpoints(_ => { });
        return await OpenApiDescription.WriteYamlAsync(app.Services);
    }
}
