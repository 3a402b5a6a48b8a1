using System.CommandLine;
using System.Runtime.InteropServices;
using AivenMetrics.Lab.Demo;
using Spectre.Console;

namespace AivenMetrics.Lab.Commands;

/// <summary><c>aiven-metrics-lab demo</c>: runs the whole product on this machine.</summary>
internal static class DemoCommand
{
    private const int RedirectedWidth = 160;

    public static Command Create()
    {
        var keep = new Option<bool>("--keep")
        {
            Description = "Keep everything running until Ctrl-C. Default: stop after the results are shown.",
        };
        var readyFile = new Option<string?>("--ready-file")
        {
            Description = "JSON file to write when everything runs; it describes the demo for other programs. Default: none.",
            HelpName = "path",
        };
        var data = new Option<string?>("--data")
        {
            Description = "Folder for configuration, logs and data, which is kept. Default: a temporary folder, deleted at the end.",
            HelpName = "path",
        };
        var prometheus = new Option<string>("--prometheus")
        {
            Description = "The Prometheus executable. Default: prometheus, from the PATH.",
            DefaultValueFactory = _ => "prometheus",
            HelpName = "path",
        };
        var command = new Command(
            "demo",
            "Runs the whole product on this machine: simulator, broker, discovery, two Prometheus servers and a gateway, with two tenants."
        )
        {
            keep,
            readyFile,
            data,
            prometheus,
        };
        command.SetAction(
            (parsed, _) =>
                RunAsync(
                    new DemoOptions(
                        parsed.GetValue(keep),
                        parsed.GetValue(readyFile),
                        parsed.GetValue(data),
                        parsed.GetRequiredValue(prometheus)
                    )
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(DemoOptions options)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = CancelOn(PosixSignal.SIGINT, stop);
        using var terminate = CancelOn(PosixSignal.SIGTERM, stop);
        using var hangUp = CancelOn(PosixSignal.SIGHUP, stop);
        var console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console.Profile.Width = RedirectedWidth;
        }

        try
        {
            await new DemoRunner(options, console, TimeProvider.System).RunAsync(stop.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return options.Keep ? 0 : 130;
        }
        catch (Exception exception)
            when (exception
                    is DemoException
                        or HttpRequestException
                        or IOException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or System.ComponentModel.Win32Exception
            )
        {
            await Console.Error.WriteLineAsync($"The demo failed: {exception.Message}");
            return 1;
        }
    }

    private static PosixSignalRegistration CancelOn(PosixSignal signal, CancellationTokenSource stop) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        });
}
