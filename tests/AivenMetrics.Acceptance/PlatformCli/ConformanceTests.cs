using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.PlatformCli;

/// <summary><c>aiven-metrics-lab platform conformance</c> with plan <c>space</c>.</summary>
public sealed class SpacePlanConformanceTests(FullStack product) : ConformanceTestBase(product)
{
    [Fact]
    public Task The_broker_conforms() => ConformsAsync("space");
}

/// <summary><c>aiven-metrics-lab platform conformance</c> with plan <c>services</c>, whose binds name their services.</summary>
public sealed class ServicesPlanConformanceTests(FullStack product) : ConformanceTestBase(product)
{
    [Fact]
    public Task The_broker_conforms() =>
        ConformsAsync("services", "--bind-parameters", Services(0), "--other-bind-parameters", Services(1));

    private static string Services(int index) =>
        new JsonObject
        {
            ["services"] = new JsonArray(SeededServices.Scraped(SeededServices.Forecast)[index].ServiceInstanceId),
        }.ToJsonString();
}

/// <summary>Checks the broker of a stack of its own, so that the plans are checked side by side.</summary>
public abstract class ConformanceTestBase(FullStack product) : PlatformTestBase(product)
{
    private protected async Task ConformsAsync(string plan, params string[] parameters)
    {
        var space = SeededServices.Forecast;

        var result = await RunAsync([
            "conformance",
            "--plan",
            plan,
            "--organization",
            space.OrganizationId,
            "--space",
            space.Id,
            "--space-name",
            space.Name,
            "--poll-interval",
            "0.2",
            .. parameters,
        ]);

        Assert.True(result.ExitCode == 0, result.Output + result.Error);
        Assert.Contains(" 0 violated", result.Output, StringComparison.Ordinal);
    }
}
