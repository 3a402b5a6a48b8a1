using System.Diagnostics;
using AivenMetrics.Lab.Demo;

namespace AivenMetrics.Testing.Programs;

/// <summary>
/// A real Prometheus, or another server with its query API, on a free port of loopback, with a configuration given as text and a data
/// folder of its own.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _folder;

    private PrometheusServer(Process process, string folder, Uri url)
    {
        (_process, _folder, Url) = (process, folder, url);
        Http = new HttpClient { BaseAddress = url };
        // A full pipe would block the process: its log is read and dropped.
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
    }

    public Uri Url { get; }

    /// <summary>A client of the server itself, without any gateway.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts a server with this configuration and waits until it is ready.</summary>
    public static async Task<PrometheusServer> StartAsync(string config)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, config);
        return await StartAsync(file, folder, FreePorts.Take(1)[0]);
    }

    /// <summary>Starts the Prometheus 3 that tests/install-engines.sh unpacked, with all experimental features of PromQL.</summary>
    /// <param name="flags">More flags, such as the path of a database that exists.</param>
    public static async Task<PrometheusServer> StartPrometheus3Async(params string[] flags) =>
        await StartAsync(
            Prometheus3(),
            ["--enable-feature=promql-experimental-functions,promql-duration-expr,promql-delayed-name-removal", .. flags]
        );

    /// <summary>Starts the installed Prometheus 2.42 with more flags.</summary>
    public static async Task<PrometheusServer> StartPrometheus2Async(params string[] flags) =>
        await StartAsync("/usr/bin/prometheus", flags);

    /// <summary>Starts a Prometheus 3 with this configuration, and with experimental features outside PromQL.</summary>
    public static async Task<PrometheusServer> StartPrometheus3WithConfigAsync(string config)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, config);
        var port = FreePorts.Take(1)[0];
        return await RunAsync(
            Cached("prometheus-3", "prometheus"),
            folder,
            port,
            $"--config.file={file}",
            $"--storage.tsdb.path={Path.Combine(folder, "data")}",
            $"--web.listen-address=127.0.0.1:{port}",
            "--log.level=error",
            "--enable-feature=promql-experimental-functions,native-histograms,exemplar-storage"
        );
    }

    /// <summary>Starts the VictoriaMetrics that tests/install-engines.sh unpacked; samples are visible at once.</summary>
    /// <param name="scrapeConfig">The scrape configuration in Prometheus' format; null: none.</param>
    /// <param name="flags">More flags.</param>
    public static async Task<PrometheusServer> StartVictoriaMetricsAsync(string? scrapeConfig, params string[] flags)
    {
        var folder = Directory.CreateTempSubdirectory("victoria-metrics-").FullName;
        var port = FreePorts.Take(1)[0];
        string[] scrapes = [];
        if (scrapeConfig is not null)
        {
            var file = Path.Combine(folder, "scrape.yml");
            await File.WriteAllTextAsync(file, scrapeConfig);
            scrapes = [$"-promscrape.config={file}"];
        }

        return await RunAsync(
            Cached("victoria-metrics", "victoria-metrics"),
            folder,
            port,
            [
                $"-httpListenAddr=127.0.0.1:{port}",
                $"-storageDataPath={Path.Combine(folder, "data")}",
                "-retentionPeriod=1y",
                "-loggerLevel=ERROR",
                "-search.latencyOffset=0s",
                "-search.disableCache",
                "-memory.allowedBytes=64MiB",
                .. scrapes,
                .. flags,
            ]
        );
    }

    private static async Task<PrometheusServer> RunAsync(string program, string folder, int port, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new PrometheusServer(Process.Start(start)!, folder, new Uri($"http://127.0.0.1:{port}"));
        await server.UntilReadyAsync();
        return server;
    }

    private static string Prometheus3() => Cached("prometheus-3", "prometheus");

    /// <summary>The path of a program that tests/install-engines.sh unpacked.</summary>
    public static string Cached(string package, string program)
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } folder
            ? folder
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var path = Path.Combine(cache, "aivenmetrics-tests", package, program);
        return File.Exists(path) ? path : throw new InvalidOperationException($"{path} is missing: run tests/install-engines.sh.");
    }

    private static async Task<PrometheusServer> StartAsync(string program, string[] flags)
    {
        var folder = Directory.CreateTempSubdirectory("prometheus-").FullName;
        var file = Path.Combine(folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, "global: {}\n");
        var port = FreePorts.Take(1)[0];
        string[] data = flags.Any(flag => flag.StartsWith("--storage.tsdb.path=", StringComparison.Ordinal))
            ? []
            : [$"--storage.tsdb.path={Path.Combine(folder, "data")}"];
        var start = new ProcessStartInfo(
            program,
            [$"--config.file={file}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error", .. data, .. flags]
        );
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var server = new PrometheusServer(Process.Start(start)!, folder, new Uri($"http://127.0.0.1:{port}"));
        await server.UntilReadyAsync();
        return server;
    }

    /// <summary>Starts a server with somebody else's configuration file and waits until it is ready.</summary>
    /// <param name="file">The configuration; read again when it is asked to reload.</param>
    /// <param name="folder">For its data; deleted at the end.</param>
    /// <param name="port">Where it listens.</param>
    public static async Task<PrometheusServer> StartAsync(string file, string folder, int port)
    {
        var server = new PrometheusServer(
            Program(
                "prometheus",
                $"--config.file={file}",
                $"--storage.tsdb.path={Path.Combine(folder, "data")}",
                $"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-lifecycle",
                "--log.level=error"
            ),
            folder,
            new Uri($"http://127.0.0.1:{port}")
        );
        await server.UntilReadyAsync();
        return server;
    }

    /// <summary>
    /// Starts a program of Prometheus' package; a missing one is an error with the remedy, because a silent skip would be a lie.
    /// </summary>
    public static Process Program(string name, params string[] arguments)
    {
        var path = new[] { "/usr/bin", "/usr/local/bin" }.Select(at => Path.Combine(at, name)).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException(
                $"{name} is not installed: run tests/run.sh, which installs it, or 'apt-get install prometheus'."
            );
        return Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>Waits until a query has an answer that is good enough, up to half a minute.</summary>
    public async Task WaitUntilAsync(string query, Func<string, bool> good)
    {
        var last = "";
        for (var i = 0; i < 600; i++)
        {
            last = await Http.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative));
            if (good(last))
            {
                return;
            }
            await Task.Delay(50);
        }

        throw new TimeoutException($"{query} still answers {last}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            _process.Kill();
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task UntilReadyAsync()
    {
        for (var i = 0; i < 600 && !_process.HasExited; i++)
        {
            try
            {
                using var response = await Http.GetAsync(new Uri("/-/ready", UriKind.Relative));
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(25);
        }

        await DisposeAsync();
        throw new TimeoutException("Prometheus did not become ready.");
    }
}
