using AivenMetrics.Tests.Broker.Osb;
using Xunit;

namespace AivenMetrics.Tests.Broker.Api;

/// <summary>Swagger UI is served only if it is configured.</summary>
public sealed class SwaggerPagesTests
{
    private static readonly string[] Paths =
    [
        "/swagger",
        "/swagger/",
        "/swagger/index.html",
        "/swagger/swagger-ui.css",
        "/swagger/openapi.yaml",
    ];

    [Fact]
    public async Task If_configured_the_pages_and_the_document_are_served_without_a_password()
    {
        await using var broker = await StartedAsync(true);
        using var stranger = new HttpClient { BaseAddress = broker.Client.BaseAddress };

        foreach (var path in Paths)
        {
            using var answer = await stranger.GetAsync(path);
            Assert.Equal((path, 200), (path, (int)answer.StatusCode));
        }

        // The broker does not serve the paths of the gateway.
        Assert.Equal(
            OpenApiYaml
                .Committed.Operations.Where(operation => !OpenApiYaml.IsOfGateway(operation.Value))
                .Select(operation => operation.Key),
            OpenApiYaml.Read(await stranger.GetStringAsync("/swagger/openapi.yaml")).Operations.Keys
        );
        Assert.Contains("openapi.yaml", await stranger.GetStringAsync("/swagger/index.js"), StringComparison.Ordinal);
        using var other = await stranger.GetAsync("/swagger/nothing.here");
        Assert.Equal(404, (int)other.StatusCode);
        using var api = await stranger.GetAsync("/v2/catalog");
        Assert.Equal(401, (int)api.StatusCode);
    }

    [Fact]
    public async Task By_default_there_are_no_pages()
    {
        await using var broker = await StartedAsync(false);

        foreach (var path in Paths)
        {
            Assert.Equal((path, 404), (path, (await broker.GetAsync(path)).Status));
        }
    }

    private static async Task<BrokerHost> StartedAsync(bool pages)
    {
        var broker = new BrokerHost { Options = { SwaggerUi = pages } };
        await broker.InitializeAsync();
        return broker;
    }
}
