using System.Diagnostics;
using System.Globalization;
using System.Net;
using AivenMetrics.Lab.Demo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Testing.Programs;

/// <summary>Two real Prometheus servers that scrape the same exporter every second, each to be killed, stopped and started again.</summary>
internal sealed class PrometheusPair : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("prometheus-pair-").FullName;
    private readonly int[] _ports = FreePorts.Take(2);
    private readonly Process?[] _processes = new Process?[2];
    private readonly WebApplication _exporter;

    private PrometheusPair(WebApplication exporter) => _exporter = exporter;

    /// <summary>Starts both and waits until both have samples.</summary>
    public static async Task<PrometheusPair> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var exporter = builder.Build();
        exporter.MapGet("/metrics", () =>
            Results.Text(
                string.Concat(Enumerable.Range(0, 50).Select(i => $"some_metric{{number=\"{i}\"}} {i}\n")),
                "text/plain; version=0.0.4"
            )
        );
        await exporter.StartAsync();

        var pair = new PrometheusPair(exporter);
        await File.WriteAllTextAsync(
            Path.Combine(pair._folder, "prometheus.yml"),
            $$"""
            global: {scrape_interval: 1s, scrape_timeout: 1s}
            scrape_configs:
              - job_name: aiven
                static_configs:
                  - targets: ["{{new Uri(exporter.Urls.Single()).Authority}}"]
                    labels: {aiven_project: demo, space_id: a}
            """
        );
        await Task.WhenAll(pair.StartAsync(0), pair.StartAsync(1));
        return pair;
    }

    public Uri Url(int index) => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports[index]}"));

    /// <summary>Starts one with the data that it had, and waits until it has fresh samples.</summary>
    public async Task StartAsync(int index)
    {
        var process = PrometheusServer.Program(
            "prometheus",
            $"--config.file={Path.Combine(_folder, "prometheus.yml")}",
            $"--storage.tsdb.path={Path.Combine(_folder, $"data-{index}")}",
            $"--web.listen-address={Url(index).Authority}",
            "--log.level=error"
        );
        // A full pipe would block the process: its log is read and dropped.
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _processes[index] = process;
        for (var i = 0; i < 1200; i++)
        {
            if (await HasFreshSamplesAsync(index))
            {
                return;
            }
            await Task.Delay(50);
        }

        throw new TimeoutException($"Prometheus {index + 1} does not scrape.");
    }

    /// <summary>Kills one with SIGKILL and waits for its end.</summary>
    public async Task KillAsync(int index)
    {
        _processes[index]!.Kill();
        await _processes[index]!.WaitForExitAsync();
    }

    /// <summary>Stops one as it stands: its connections stay open, nothing is answered.</summary>
    public void Stop(int index) => Signal(index, "STOP");

    /// <summary>Lets one that was stopped go on.</summary>
    public void Continue(int index) => Signal(index, "CONT");

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.OfType<Process>())
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
            await process.WaitForExitAsync();
            process.Dispose();
        }

        await _exporter.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<bool> HasFreshSamplesAsync(int index)
    {
        using var http = new HttpClient { BaseAddress = Url(index) };
        try
        {
            return (
                await http.GetStringAsync(new Uri("/api/v1/query?query=count_over_time(some_metric[3s])>1", UriKind.Relative))
            ).Contains("\"metric\"", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Signal(int index, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _processes[index]!.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"kill -{signal} did not work.");
        }
    }
}
