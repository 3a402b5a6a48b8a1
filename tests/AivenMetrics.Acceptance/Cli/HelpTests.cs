using AivenMetrics.Acceptance.Support;
using AivenMetrics.Commands;
using AivenMetrics.Lab.Commands;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary>The help texts describe every command and option.</summary>
public sealed class HelpTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData("broker")]
    [InlineData("discovery")]
    [InlineData("gateway")]
    [InlineData("simulator")]
    public async Task A_roles_help_names_every_option_with_its_default_or_that_it_is_required(string role)
    {
        var options = role switch
        {
            "broker" => Roles.Broker.Options,
            "discovery" => Roles.Discovery.Options,
            "gateway" => Roles.Gateway.Options,
            _ => LabRoles.Simulator.Options,
        };

        var help = await Executable.RunAsync(Root, role, "--help");

        Assert.Equal((0, ""), (help.ExitCode, help.Error.Trim()));
        var text = string.Join(' ', help.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.All(options, option => Assert.Contains(option.Name + " ", text, StringComparison.Ordinal));
        Assert.All(options, option => Assert.Contains(option.Help, text, StringComparison.Ordinal));
        Assert.All(options, option => Assert.Matches("Default: |Required|At least one is required|AIVENMETRICS_|unless --", option.Help));
        Assert.Contains("--config", text, StringComparison.Ordinal);
        Assert.Contains("--log-format", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "platform",
        "catalog",
        "create-service",
        "update-service",
        "bind",
        "service-key",
        "unbind",
        "delete-service",
        "last-operation",
        "fetch",
        "services",
        "conformance",
        "--url",
        "--password-file",
        "--json",
        "Exit codes"
    )]
    [InlineData("platform conformance", "--bind-parameters", "--requirement", "--organization", "--space")]
    [InlineData("migrate", "--database", "--database-file", "--config")]
    [InlineData("audit", "--instance", "--binding", "--since", "--limit", "--json", "--database", "--database-file", "--config")]
    [InlineData("demo", "--keep", "--ready-file", "--data", "--prometheus")]
    [InlineData("openapi")]
    [InlineData("", "broker", "discovery", "gateway", "migrate", "rekey", "hash-password", "audit", "explain", "--version")]
    public async Task A_commands_help_names_its_parts(string command, params string[] names)
    {
        var help = await Executable.RunAsync(Root, [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal(0, help.ExitCode);
        Assert.All(names, name => Assert.Contains(name, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_help_of_the_laboratory_names_its_commands()
    {
        var help = await Executable.RunProgramAsync(ProgramFiles.Lab, Root, "--help");

        Assert.Equal(0, help.ExitCode);
        Assert.All(["simulator", "demo", "platform", "--config", "--version"], name =>
            Assert.Contains(name, help.Output, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("simulator")]
    [InlineData("demo")]
    [InlineData("platform")]
    public async Task The_product_has_none_of_the_laboratorys_commands(string command)
    {
        var help = await Executable.RunProgramAsync(ProgramFiles.Product, Root, "--help");
        var result = await Executable.RunProgramAsync(ProgramFiles.Product, Root, command);

        Assert.DoesNotContain($"  {command} ", help.Output, StringComparison.Ordinal);
        Assert.Equal(2, result.ExitCode);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("broker", "--nothing")]
    [InlineData("broker", "--database")]
    public async Task An_invalid_command_line_exits_with_an_error(params string[] arguments)
    {
        var result = await Executable.RunAsync(Root, arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.NotEmpty(result.Error.Trim());
    }
}
