using AivenMetrics.Simulator;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Simulator;

public class SimulatorOptionsTests
{
    [Fact]
    public void The_token_is_the_only_required_option() =>
        Assert.Equal(
            [
                "Simulator:Token is missing: set it with the environment variable AIVENMETRICS_Simulator__Token"
                    + " or in a file named by Simulator:TokenFile.",
            ],
            new SimulatorOptions().Validate()
        );

    [Fact]
    public void All_errors_are_reported_together()
    {
        var options = new SimulatorOptions
        {
            Project = "Demo",
            NodeNetwork = "10.1.0.0/16",
            DnsListen = "0.0.0.0:53",
            RequestsPerMinute = -1,
            IntegrationDelay = TimeSpan.FromSeconds(-1),
            ListenerDelay = TimeSpan.FromDays(2),
        };
        var keys = options.Validate().Select(fault => fault.Split(' ')[0]);
        Assert.Equal(
            [
                "Simulator:Token",
                "Simulator:IntegrationDelay",
                "Simulator:ListenerDelay",
                "Simulator:RequestsPerMinute",
                "Simulator:Project",
                "Simulator:NodeNetwork",
                "Simulator:DnsListen",
            ],
            keys
        );
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("127.41")]
    [InlineData("127.41.0.0/16")]
    [InlineData("127.41.7")]
    [InlineData("127.41.7.0/24")]
    public void A_part_of_loopback_is_a_node_network(string network) =>
        Assert.Empty(new SimulatorOptions { Token = "t", NodeNetwork = network }.Validate());

    [Theory]
    [InlineData("")]
    [InlineData("127")]
    [InlineData("127.0")]
    [InlineData("127.0.0.0/24")]
    [InlineData("127.256")]
    [InlineData("127.41.256")]
    [InlineData("127.41.0.0/8")]
    [InlineData("192.168.1")]
    public void Other_texts_are_not_a_node_network(string network)
    {
        var fault = Assert.Single(new SimulatorOptions { Token = "t", NodeNetwork = network }.Validate());
        Assert.StartsWith("Simulator:NodeNetwork", fault, StringComparison.Ordinal);
    }
}
