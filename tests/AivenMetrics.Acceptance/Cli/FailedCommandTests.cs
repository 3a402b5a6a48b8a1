using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary>Commands that cannot work report the reason in a sentence.</summary>
public sealed class FailedCommandTests : TemporaryFolderTestBase
{
    [Theory]
    [InlineData("migrate")]
    [InlineData("audit")]
    public async Task An_unreachable_database_of_several_hosts_is_reported_with_the_reason(string command)
    {
        var file = Path.Combine(Root, "connection");
        await File.WriteAllTextAsync(file, "postgres://user:secret@127.0.0.1:1,127.0.0.1:2/db");

        var run = await Executable.RunAsync(Root, command, "--database-file", file);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("Connection refused", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("inner exception", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Openapi_without_the_files_of_the_descriptions_names_the_missing_file()
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.CreateSymbolicLink(Path.Combine(Root, Path.GetFileName(file)), file);
        }

        var program = Path.Combine(Root, Path.GetFileName(ProgramFiles.Product));
        File.Delete(program);
        File.Copy(ProgramFiles.Product, program);
        var run = await Executable.RunProgramAsync(program, Root, "openapi");

        Assert.Equal((1, ""), (run.ExitCode, run.Output.Trim()));
        Assert.Contains("AivenMetrics.Broker.xml", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }
}
