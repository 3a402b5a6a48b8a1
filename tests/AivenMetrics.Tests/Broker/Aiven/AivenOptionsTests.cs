using AivenMetrics.Broker.Aiven;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Aiven;

public sealed class AivenOptionsTests
{
    [Fact]
    public void Only_the_token_and_the_projects_have_no_defaults()
    {
        var faults = new AivenOptions().Validate().ToList();
        Assert.Equal(2, faults.Count);
        Assert.Contains(faults, fault =>
            fault.StartsWith("Broker:Aiven:Token is missing", StringComparison.Ordinal)
            && fault.Contains("AIVENMETRICS_Broker__Aiven__Token", StringComparison.Ordinal)
            && fault.Contains("TokenFile", StringComparison.Ordinal)
        );
        Assert.Contains(faults, fault => fault.StartsWith("Broker:Aiven:Projects is empty", StringComparison.Ordinal));
    }

    [Fact]
    public void All_errors_are_reported_together_each_with_its_key()
    {
        var options = new AivenOptions
        {
            ApiUrl = "ftp://x",
            Token = "two words",
            EndpointName = "",
            Route = "scenic",
            RequestsPerMinute = 1,
            Interval = TimeSpan.Zero,
            GracePeriod = TimeSpan.FromSeconds(-1),
            TryTimeout = TimeSpan.Zero,
            Retries = -1,
            Projects = { "a", "a", "b/c" },
        };
        options.Tags.SpaceId = "1";
        var faults = options.Validate().ToList();
        foreach (
            var key in new[]
            {
                "ApiUrl",
                "Token",
                "Projects names \"b/c\"",
                "Projects names a project twice",
                "EndpointName",
                "Route",
                "RequestsPerMinute",
                "Retries",
                "Interval",
                "GracePeriod",
                "TryTimeout",
                "Tags:SpaceId",
            }
        )
        {
            Assert.Contains(faults, fault => fault.StartsWith($"Broker:Aiven:{key}", StringComparison.Ordinal));
        }
        Assert.DoesNotContain(faults, fault => fault.Contains("two words", StringComparison.Ordinal));
    }
}
