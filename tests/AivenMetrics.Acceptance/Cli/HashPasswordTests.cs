using System.Diagnostics;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Authentication;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Cli;

/// <summary><c>aiven-metrics hash-password</c> with a pipe and on a terminal.</summary>
public sealed class HashPasswordTests : TemporaryFolderTestBase
{
    private const string Password = "a long pässword $1";

    [Theory]
    [InlineData(Password)]
    [InlineData(Password + "\n")]
    [InlineData(Password + "\r\n")]
    public async Task A_piped_password_is_hashed_without_its_line_break(string input)
    {
        var result = await PipedAsync(input, "dotnet", ProgramFiles.Product, "hash-password");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.True(PasswordHash.Parse(result.Output.TrimEnd('\n'))!.Verify(Password));
    }

    [Theory]
    [InlineData("", "at least 12")]
    [InlineData("too short", "at least 12")]
    [InlineData("two lines of\ntext", "line break")]
    [InlineData(null, "more than 1024")]
    public async Task An_invalid_password_exits_with_2_and_a_sentence_that_does_not_repeat_it(string? input, string sentence)
    {
        var result = await PipedAsync(input ?? new string('x', 100_000), "dotnet", ProgramFiles.Product, "hash-password");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
        Assert.True(input is null or "" || !result.Error.Contains(input, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_password_on_the_command_line_is_rejected()
    {
        var result = await Executable.RunAsync(Root, "hash-password", Password);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output.Trim());
    }

    [Theory]
    [InlineData(Password, 0)]
    [InlineData("another password", 2)]
    public async Task On_a_terminal_it_prompts_twice_and_does_not_show_the_password(string again, int exitCode)
    {
        var file = Path.Combine(Root, "hash");
        var command = $"dotnet '{ProgramFiles.Product}' hash-password > '{file}'";

        // script(1) gives the command its own terminal and writes the output of that terminal.
        var result = await PipedAsync(
            $"{Password}\r{again}\r",
            "script",
            "--quiet",
            "--return",
            "--echo",
            "never",
            "--command",
            command,
            "/dev/null"
        );

        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains("Password:", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("pässword", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("pbkdf2", result.Output, StringComparison.Ordinal);
        var hash = (await File.ReadAllTextAsync(file)).TrimEnd('\n');
        Assert.Equal(exitCode == 0, PasswordHash.Parse(hash)?.Verify(Password) == true);
    }

    private async Task<RunResult> PipedAsync(string input, string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Root,
            }
        )!;
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The command has read enough and has exited.
        }

        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);
        return new RunResult(process.ExitCode, await output, error);
    }
}
