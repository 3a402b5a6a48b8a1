using System.Diagnostics;
using System.Globalization;
using System.Text;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>The result of a run of a program.</summary>
internal sealed record RunResult(int ExitCode, string Output, string Error);

/// <summary>A program as a person or an init system runs it.</summary>
internal sealed class Executable : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private Executable(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>The text on standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Starts the program that has the command in a folder, without any configuration from the environment.</summary>
    public static Executable Start(string folder, params string[] arguments) =>
        StartProgram(ProgramFiles.With(arguments.FirstOrDefault()), folder, arguments);

    /// <summary>Runs the program that has the command to its end.</summary>
    public static Task<RunResult> RunAsync(string folder, params string[] arguments) =>
        RunProgramAsync(ProgramFiles.With(arguments.FirstOrDefault()), folder, arguments);

    /// <summary>Runs one of the <see cref="ProgramFiles"/> to its end.</summary>
    public static async Task<RunResult> RunProgramAsync(string program, string folder, params string[] arguments)
    {
        await using var running = StartProgram(program, folder, arguments);
        return await running.WaitForExitAsync(TimeSpan.FromMinutes(5));
    }

    private static Executable StartProgram(string program, string folder, string[] arguments)
    {
        // A test run in the background of a script inherits an ignored SIGINT, so that no program would receive it. env, which
        // becomes the program it starts, restores it.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        var running = new Executable(new Process { StartInfo = start });
        running._process.OutputDataReceived += (_, line) => Append(running._output, line.Data);
        running._process.ErrorDataReceived += (_, line) => Append(running._error, line.Data);
        Assert.True(running._process.Start());
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits until the program exits; fails after the timeout.</summary>
    public async Task<RunResult> WaitForExitAsync(TimeSpan atMost)
    {
        using var timeout = new CancellationTokenSource(atMost);
        try
        {
            await _process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"It still ran after {atMost.TotalSeconds} s. It wrote:\n{Output}\n{_error}");
        }

        return new RunResult(_process.ExitCode, Output, _error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }
}

/// <summary>A temporary folder of a test, deleted at its end.</summary>
public abstract class TemporaryFolderTestBase : IDisposable
{
    private protected string Root { get; } = Directory.CreateTempSubdirectory("aiven-metrics-test-").FullName;

    public void Dispose()
    {
        Directory.Delete(Root, recursive: true);
        GC.SuppressFinalize(this);
    }
}
