using System.CommandLine;
using AivenMetrics.Broker;
using AivenMetrics.Commands;
using AivenMetrics.Discovery;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Hosting;
using AivenMetrics.Hosting.Configuration;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Configuration;

public sealed class RoleConfigurationTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Command_line_options_override_the_file_and_a_list_replaces_a_list()
    {
        File.WriteAllText(
            _file,
            """
            {"Gateway":{"FeedUrl":"http://127.0.0.1:1","FeedToken":"t",
              "Prometheus":["http://127.0.0.1:2","http://127.0.0.1:2","http://127.0.0.1:2"]}}
            """
        );

        var configuration = Read(
            "--feed-url",
            "http://127.0.0.1:3",
            "--prometheus",
            "http://127.0.0.1:4",
            "--prometheus",
            "http://127.0.0.1:5",
            "--listen",
            "http://127.0.0.1:0"
        );

        Assert.Empty(configuration.Errors);
        Assert.Equal("http://127.0.0.1:3", configuration.Options.FeedUrl);
        Assert.Equal(["http://127.0.0.1:4", "http://127.0.0.1:5"], configuration.Options.Prometheus);
        Assert.Equal("http://127.0.0.1:0", configuration.Hosting.Listen);
    }

    [Fact]
    public void Errors_of_file_hosting_binding_and_role_are_reported_together()
    {
        File.WriteAllText(_file, """{"Gateway":{"Listen":"8081","UpstreamTimeout":"long","Typo":1}}""");

        var faults = Read().Errors;

        Assert.Contains(faults, fault => fault.StartsWith("Gateway:Listen must be", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Gateway:UpstreamTimeout must be a time span", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Gateway:Typo is not an option", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Gateway:Prometheus is empty", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Gateway:FeedUrl is missing", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("http://127.0.0.1:0", null)]
    [InlineData("h2c://127.0.0.1:8083", "Gateway:Http2Listen must be http://<IP address>:<port>")]
    public void The_HTTP2_address_can_be_empty(string address, string? fault)
    {
        File.WriteAllText(
            _file,
            $$$"""
            {"Gateway":{"Http2Listen":"{{{address}}}",
              "FeedUrl":"http://127.0.0.1:1","FeedToken":"t","Prometheus":["http://127.0.0.1:2"]}}
            """
        );

        var configuration = Read();

        Assert.Equal(address, configuration.Hosting.Http2Listen);
        if (fault is null)
        {
            Assert.Empty(configuration.Errors);
        }
        else
        {
            Assert.StartsWith(fault, Assert.Single(configuration.Errors), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_error_of_a_misspelt_option_lists_the_hosting_options_too()
    {
        File.WriteAllText(_file, """{"Gateway":{"Listne":"http://127.0.0.1:0"}}""");

        string fault = Assert.Single(Read().Errors, fault => fault.StartsWith("Gateway:Listne", StringComparison.Ordinal));

        Assert.All(["Http2Listen", "InternalListen", "LastGoodFile, Listen"], name =>
            Assert.Contains($", {name}, ", fault, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData(
        "http://127.0.0.1:8081",
        "http://127.0.0.1:8081",
        "http://127.0.0.1:9",
        "Gateway:Http2Listen is http://127.0.0.1:8081, which Gateway:Listen uses"
    )]
    [InlineData(
        "http://localhost:8081",
        "",
        "http://127.0.0.1:8081",
        "Gateway:InternalListen is http://127.0.0.1:8081, which Gateway:Listen uses"
    )]
    [InlineData(
        "http://0.0.0.0:8081",
        "http://127.0.0.1:8081",
        "http://127.0.0.1:9",
        "Gateway:Http2Listen is http://127.0.0.1:8081, which Gateway:Listen uses"
    )]
    [InlineData(
        "http://127.0.0.1:8081",
        "http://[::]:9",
        "http://127.0.0.1:9",
        "Gateway:InternalListen is http://127.0.0.1:9, which Gateway:Http2Listen uses"
    )]
    [InlineData("http://127.0.0.1:8081", "http://127.0.0.2:8081", "http://[::1]:8081", null)]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0", "http://127.0.0.1:0", null)]
    public void Two_options_with_one_address_are_an_error(string listen, string http2, string internalListen, string? fault)
    {
        File.WriteAllText(
            _file,
            $$$"""
            {"Gateway":{"Listen":"{{{listen}}}","Http2Listen":"{{{http2}}}","InternalListen":"{{{internalListen}}}",
              "FeedUrl":"http://127.0.0.1:1","FeedToken":"t","Prometheus":["http://127.0.0.1:2"]}}
            """
        );

        Assert.Equal(fault is null ? [] : [fault + ": give each option its own port."], Read().Errors);
    }

    [Fact]
    public void An_unreadable_secret_file_is_one_error_and_not_also_a_missing_secret()
    {
        File.WriteAllText(
            _file,
            """{"Gateway":{"FeedUrl":"http://127.0.0.1:1","FeedTokenFile":"/nowhere/token","Prometheus":["http://127.0.0.1:2"]}}"""
        );

        Assert.StartsWith(
            "Gateway:FeedTokenFile names /nowhere/token, which cannot be read",
            Assert.Single(Read().Errors),
            StringComparison.Ordinal
        );
    }

    /// <summary>This includes secrets in lists; the other members of these lists are still validated.</summary>
    [Fact]
    public void Each_unreadable_secret_file_of_the_broker_is_one_error()
    {
        string[] keys =
        [
            "Password",
            "Aiven:Token",
            "Feed:DiscoveryToken",
            "Feed:GatewayToken",
            "EncryptionKeys:0:Key",
            "Users:0:PasswordHash",
        ];
        File.WriteAllText(
            _file,
            System.Text.Json.JsonSerializer.Serialize(keys.ToDictionary(key => $"Broker:{key}File", _ => "/nowhere/secret"))
        );

        var faults = RoleConfiguration<BrokerOptions>
            .Read(Roles.Broker, RoleCommand.Create(Roles.Broker).Parse([]), _file, hosted: true)
            .Errors;

        Assert.All(keys, key => Assert.Single(faults, fault => fault.StartsWith($"Broker:{key}", StringComparison.Ordinal)));
        Assert.DoesNotContain(faults, fault => fault.StartsWith("Broker:EncryptionKeys is", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("Broker:GatewayUrl", StringComparison.Ordinal));
    }

    [Fact]
    public void Unknown_sections_and_single_values_for_lists_are_errors()
    {
        File.WriteAllText(_file, """{"Gatewayy":{"Listen":"x"},"Gateway":{"Prometheus":"http://127.0.0.1:2"}}""");

        var faults = Read().Errors;

        Assert.Contains("Gatewayy is not a section: use one of Broker, Discovery, Gateway, Simulator.", faults);
        Assert.Contains("Gateway:Prometheus is a list: give Gateway:Prometheus:0, not a single value.", faults);
    }

    [Fact]
    public void The_accepted_sections_are_those_of_all_roles_of_both_programs() =>
        Assert.Equal(
            [BrokerOptions.Section, DiscoveryOptions.Section, GatewayOptions.Section, SimulatorOptions.Section],
            ConfigurationNames.Sections
        );

    [Fact]
    public void The_variables_of_the_platform_command_are_not_configuration()
    {
        Environment.SetEnvironmentVariable("AIVENMETRICS_PLATFORM_URL", "http://127.0.0.1:1");
        try
        {
            Assert.DoesNotContain(Read().Errors, fault => fault.StartsWith("PLATFORM", StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("AIVENMETRICS_PLATFORM_URL", null);
        }
    }

    [Fact]
    public void A_password_on_the_command_line_is_an_error_without_the_password()
    {
        string fault = Assert.Single(Read("--tenants-file", _file, "--prometheus", "http://u:hunter2@127.0.0.1:2").Errors, fault =>
            fault.StartsWith("--prometheus", StringComparison.Ordinal)
        );

        Assert.Contains("contains a password", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[1]")]
    public void A_file_that_is_not_a_JSON_object_is_an_error(string text)
    {
        File.WriteAllText(_file, text);

        Assert.Contains(Read().Errors, fault => fault.StartsWith($"{_file} cannot be read as JSON", StringComparison.Ordinal));
    }

    private RoleConfiguration<GatewayOptions> Read(params string[] arguments)
    {
        var command = RoleCommand.Create(Roles.Gateway);
        var parsed = command.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return RoleConfiguration<GatewayOptions>.Read(Roles.Gateway, parsed, _file, hosted: true);
    }
}
