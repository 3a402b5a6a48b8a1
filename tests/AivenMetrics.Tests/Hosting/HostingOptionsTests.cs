using AivenMetrics.Hosting;
using AivenMetrics.Hosting.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Hosting;

public sealed class HostingOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "127.0.0.1:8080")]
    [InlineData("http://0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("http://localhost:9", "127.0.0.1:9")]
    [InlineData("http://[::1]:8080", "[::1]:8080")]
    public void An_address_with_a_port_is_accepted(string url, string expected) =>
        Assert.Equal(expected, HostingOptions.ParseEndPoint(url)?.ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("8080")]
    [InlineData("https://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080/path")]
    [InlineData("http://a-name:8080")]
    public void Other_values_are_errors_that_state_the_expected_form(string? url)
    {
        string[] errors =
        [
            .. OptionsValidator.Validate(new HostingOptions { InternalListen = url }, "Broker"),
            .. OptionsValidator.Validate(new HostingOptions { Listen = url ?? "", InternalListen = "http://127.0.0.1:0" }, "Broker"),
        ];

        Assert.Collection(
            errors,
            error => Assert.StartsWith("Broker:InternalListen must be http://<IP address>:<port>", error, StringComparison.Ordinal),
            error => Assert.StartsWith("Broker:Listen must be http://<IP address>:<port>", error, StringComparison.Ordinal)
        );
    }
}
