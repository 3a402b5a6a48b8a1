using AivenMetrics.Commands;
using Xunit;

namespace AivenMetrics.Tests.Commands;

public sealed class OpenApiTests
{
    [Fact]
    public async Task The_committed_openapi_yaml_is_what_the_code_describes()
    {
        string committed = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "openapi.yaml"));

        Assert.True(
            committed == await OpenApiCommand.Yaml(),
            "openapi.yaml is not what the code describes any more. Run: dotnet run --project src/AivenMetrics -- openapi > openapi.yaml, and read the difference.");
    }
}
