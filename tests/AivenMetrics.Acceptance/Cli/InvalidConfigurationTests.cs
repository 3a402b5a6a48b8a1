using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary>Every configuration error is reported at once, with its key and its remedy.</summary>
public sealed class InvalidConfigurationTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData(
        "broker",
        "Broker:Password",
        "Broker:GatewayUrl",
        "Broker:EncryptionKeys",
        "Broker:Feed:DiscoveryToken",
        "Broker:Feed:GatewayToken",
        "Broker:Aiven:Token",
        "Broker:Aiven:Projects"
    )]
    [InlineData("discovery", "Discovery:FeedUrl", "Discovery:FeedToken", "Discovery:Directory")]
    [InlineData("gateway", "Gateway:Prometheus", "Gateway:FeedUrl")]
    [InlineData("simulator", "Simulator:Token")]
    public async Task Without_configuration_a_role_reports_everything_that_it_requires(string role, params string[] keys)
    {
        var result = await Executable.RunAsync(Root, role);

        var faults = Faults(result);
        Assert.Equal(keys.Length, faults.Length);
        Assert.All(keys, key => Assert.Contains(faults, fault => fault.StartsWith(key, StringComparison.Ordinal)));
        Assert.All(faults, fault => Assert.Matches("set it|give |name |must be|set AIVEN|such as|in a file", fault));
    }

    [Fact]
    public async Task Errors_of_every_kind_are_reported_together()
    {
        var file = Path.Combine(Root, "gateway.json");
        await File.WriteAllTextAsync(
            file,
            """
            {"Gateway":{"Prometheus":["ftp://x"],"FeedUrl":"http://127.0.0.1:1","FeedTokenFile":"/nothing/here",
             "UpstreamTimeout":"soon","Promethius":"http://127.0.0.1:9090","Listen":"https://x"}}
            """
        );

        var result = await Executable.RunAsync(Root, "gateway", "--config", file);

        var faults = Faults(result);
        foreach (
            var part in (string[])
                [
                    "Gateway:Prometheus:0",
                    "Gateway:FeedTokenFile names /nothing/here",
                    "Gateway:UpstreamTimeout must be a time span",
                    "Gateway:Promethius is not an option",
                    "Gateway:Listen must be",
                ]
        )
        {
            Assert.Contains(faults, fault => fault.StartsWith(part, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("not json")]
    public async Task A_malformed_configuration_file_is_an_error_without_a_stack_trace(string content)
    {
        var file = Path.Combine(Root, "broker.json");
        await File.WriteAllTextAsync(file, content);

        var result = await Executable.RunAsync(Root, "broker", "--config", file);

        Assert.Contains(Faults(result), fault => fault.StartsWith(file, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_configuration_file_is_an_error()
    {
        var result = await Executable.RunAsync(Root, "broker", "--config", "nothing.json");

        Assert.Contains(Faults(result), fault => fault.Contains("nothing.json", StringComparison.Ordinal));
    }

    /// <summary>Returns the errors, one a line.</summary>
    private static string[] Faults(RunResult result)
    {
        Assert.Equal((2, ""), (result.ExitCode, result.Output.Trim()));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return
        [
            .. result
                .Error.Split('\n')
                .Where(line => line.StartsWith("  - ", StringComparison.Ordinal))
                .Select(line => line[4..].TrimEnd()),
        ];
    }
}
