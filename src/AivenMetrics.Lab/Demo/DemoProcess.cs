using System.Diagnostics;
using System.Runtime.InteropServices;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// A process of the demo. Its output is written to a file. It is stopped with SIGTERM, and with SIGKILL after ten seconds.
/// </summary>
internal sealed partial class DemoProcess : IAsyncDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly Task _logging;

    private DemoProcess(string name, Process process, Task logging, string logFile)
    {
        (Name, _process, _logging, LogFile) = (name, process, logging, logFile);
    }

    public string Name { get; }

    public int Id => _process.Id;

    public string LogFile { get; }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program. Arguments must not contain secrets; they name files that do.</summary>
    public static DemoProcess Start(string name, string program, IEnumerable<string> arguments, string logFile)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetDirectoryName(logFile)!,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new DemoException(
                $"{name} cannot be started: the program '{program}' was not found. Install it (apt-get install prometheus) or "
                    + "name it with --prometheus."
            );
        }

        process.StandardInput.Close();
        return new DemoProcess(name, process, WriteLogAsync(process, logFile), logFile);
    }

    /// <summary>Throws if the process has ended, with the last lines of its output.</summary>
    public void ThrowIfExited()
    {
        if (_process.HasExited)
        {
            throw new DemoException(
                $"{Name} ended with exit code {_process.ExitCode}. Last lines of its log ({LogFile}):\n{ReadLastLines()}"
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _ = Kill(_process.Id, SigTerm);
            using var timeout = new CancellationTokenSource(StopTimeout);
            try
            {
                await _process.WaitForExitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        await _logging;
        _process.Dispose();
    }

    private string ReadLastLines()
    {
        try
        {
            using var file = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            return string.Join('\n', reader.ReadToEnd().TrimEnd().Split('\n').TakeLast(8));
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task WriteLogAsync(Process process, string logFile)
    {
        await using var file = new StreamWriter(new FileStream(logFile, FileMode.Create, FileAccess.Write, FileShare.ReadWrite))
        {
            AutoFlush = true,
        };
        using var turn = new SemaphoreSlim(1);
        await Task.WhenAll(CopyLinesAsync(process.StandardOutput, file, turn), CopyLinesAsync(process.StandardError, file, turn));
    }

    private static async Task CopyLinesAsync(StreamReader from, StreamWriter to, SemaphoreSlim turn)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            await turn.WaitAsync();
            await to.WriteLineAsync(line);
            turn.Release();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
