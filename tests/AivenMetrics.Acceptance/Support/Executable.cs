using System.Diagnostics;
using System.Globalization;
using System.Text;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>How a run of a program ended.</summary>
internal sealed record RunResult(int ExitCode, string Output, string Error);

/// <summary>A program as a person or an init system runs it.</summary>
internal sealed class Executable : IAsyncDisposable
{
    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder error = new();

    private Executable(Process process) => this.process = process;

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>What it has written to standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>Starts the program that has the command in a folder, without any configuration from the environment.</summary>
    public static Executable Start(string folder, params string[] arguments) =>
        StartProgram(ProgramFiles.With(arguments.FirstOrDefault()), folder, arguments);

    /// <summary>Runs the program that has the command to its end.</summary>
    public static Task<RunResult> Run(string folder, params string[] arguments) => RunProgram(ProgramFiles.With(arguments.FirstOrDefault()), folder, arguments);

    /// <summary>Runs one of the <see cref="ProgramFiles"/> to its end.</summary>
    public static async Task<RunResult> RunProgram(string program, string folder, params string[] arguments)
    {
        await using Executable running = StartProgram(program, folder, arguments);
        return await running.End(TimeSpan.FromMinutes(2));
    }

    private static Executable StartProgram(string program, string folder, string[] arguments)
    {
        // A test run in the background of a script inherits an ignored SIGINT, which no program would then see; env, which
        // becomes the program it starts, takes it back.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        var running = new Executable(new Process { StartInfo = start });
        running.process.OutputDataReceived += (_, line) => Append(running.output, line.Data);
        running.process.ErrorDataReceived += (_, line) => Append(running.error, line.Data);
        Assert.True(running.process.Start());
        running.process.BeginOutputReadLine();
        running.process.BeginErrorReadLine();
        return running;
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end; fails when it does not come in time.</summary>
    public async Task<RunResult> End(TimeSpan atMost)
    {
        using var patience = new CancellationTokenSource(atMost);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It still ran after {atMost.TotalSeconds} s. It wrote:\n{Output}\n{error}");
        }

        return new RunResult(process.ExitCode, Output, error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }
}

/// <summary>A folder of its own for a test, gone with it.</summary>
public abstract class InItsOwnFolder : IDisposable
{
    private protected string Root { get; } = Directory.CreateTempSubdirectory("aiven-metrics-test-").FullName;

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }
}
