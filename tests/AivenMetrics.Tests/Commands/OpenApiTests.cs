using AivenMetrics.Commands;
using AivenMetrics.Gateway.Routing;
using Xunit;

namespace AivenMetrics.Tests.Commands;

public sealed class OpenApiTests
{
    [Fact]
    public async Task The_document_contains_every_path_of_the_gateway_with_its_methods()
    {
        var yaml = await OpenApiCommand.YamlAsync();

        Assert.All(RouteTable.Served, route =>
        {
            var path = route.HasLabelName ? $"'{route.Path}'" : route.Path;
            var method = route.AllowedMethods.Split(',')[0].ToLowerInvariant();
            Assert.Contains($"\n  {path}:\n    {method}:\n", yaml, StringComparison.Ordinal);
        });
        Assert.All(RouteTable.Forbidden, forbidden => Assert.DoesNotContain($"\n  {forbidden.Path}:", yaml, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_committed_openapi_yaml_equals_the_generated_document()
    {
        var committed = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "openapi.yaml"));

        Assert.True(
            committed == await OpenApiCommand.YamlAsync(),
            "openapi.yaml is not what the code describes any more. Run: dotnet run --project src/AivenMetrics -- openapi > "
                + "openapi.yaml, and read the difference."
        );
    }
}
