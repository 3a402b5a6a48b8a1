using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// The real programs. Each is a process on fixed loopback ports with its own configuration file, so that a test can kill one and start
/// it again unchanged.
/// </summary>
internal sealed partial class Stack : IAsyncDisposable
{
    private static readonly TimeSpan MaximumWait = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(25);

    private readonly StackOptions _options;

    // Roles start side by side.
    private readonly ConcurrentDictionary<string, DemoProcess> _processes = [];
    private readonly ConcurrentDictionary<string, Func<DemoProcess>> _starts = [];
    private int _logs;
    private readonly List<DemoProcess> _ended = [];

    private Stack(StackOptions options)
    {
        _options = options;
        Folder = new DemoFolder(Directory.CreateTempSubdirectory("aiven-metrics-acceptance-").FullName);
        Configuration = new StackConfiguration(options, Folder);
        Simulator = new SimulatorAdmin(Configuration.SimulatorUrl, Configuration.Secret("aiven-token"));
        Platform = PlatformOf(0);
    }

    public DemoFolder Folder { get; }

    /// <summary>The addresses and secrets of each program.</summary>
    public StackConfiguration Configuration { get; }

    public SimulatorAdmin Simulator { get; }

    /// <summary>The platform, which sends its requests to the first broker.</summary>
    public Platform Platform { get; }

    public string TargetsFile => Folder.Path("prometheus", "targets", "demo.json");

    /// <summary>Ids of the running processes by role.</summary>
    public IReadOnlyDictionary<string, int> ProcessIds => _processes.ToDictionary(process => process.Key, process => process.Value.Id);

    /// <summary>Starts simulator, brokers and the gateway and, unless left out, discovery and Prometheus.</summary>
    public static async Task<Stack> StartAsync(StackOptions? options = null)
    {
        var stack = new Stack(options ?? new StackOptions());
        try
        {
            await stack.StartAllAsync();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public Platform PlatformOf(int broker) => new(Configuration.BrokerUrl(broker), "platform", Configuration.Secret("broker-password"));

    public QueryClient Prometheus(int index = 0) => new(Configuration.PrometheusUrl(index));

    /// <summary>Kills a process with SIGKILL, as the kernel or a crash would.</summary>
    public async Task KillAsync(string role)
    {
        Send(role, "KILL");
        await GoneAsync(role);
    }

    /// <summary>Stops a process with SIGTERM and waits for its end.</summary>
    public async Task StopAsync(string role)
    {
        Send(role, "TERM");
        await GoneAsync(role);
    }

    /// <summary>Starts a process that was killed or stopped, with its previous configuration.</summary>
    public async Task RestartAsync(string role)
    {
        _processes[role] = _starts[role]();
        await WaitUntilReadyAsync(role);
    }

    /// <summary>Waits until the condition holds; fails with its description.</summary>
    /// <returns>The duration of the wait.</returns>
    public static async Task<TimeSpan> WaitUntilAsync(string what, Func<Task<bool>> holds, TimeSpan? atMost = null)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < (atMost ?? MaximumWait), $"Timed out waiting until {what}");
            await Task.Delay(PollInterval);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Waits until discovery has completed this many cycles from now on.</summary>
    public Task DiscoveryCyclesAsync(int count) =>
        ChangesAsync("cycles of discovery", Configuration.DiscoveryInternalUrl, LastDiscoveryCycle(), count);

    /// <summary>Waits until a broker has reconciled this many times from now on; only the leader reconciles.</summary>
    public Task BrokerCyclesAsync(int count, int broker = 0) =>
        ChangesAsync("cycles of the broker", Configuration.BrokerInternalUrl(broker), LastReconciliation(), count);

    private static async Task ChangesAsync(string what, string internalUrl, Regex metric, int count)
    {
        using var http = new HttpClient();
        var last = await ReadAsync();
        var changes = 0;
        await WaitUntilAsync($"{count} {what}", async () =>
        {
            if (await ReadAsync() is { Length: > 0 } now && now != last)
            {
                (last, changes) = (now, changes + 1);
            }

            return changes >= count;
        });

        async Task<string> ReadAsync() => metric.Match(await http.GetStringAsync(internalUrl + "/metrics")).Groups[1].Value;
    }

    [GeneratedRegex(@"^aivenmetrics_discovery_last_cycle_timestamp_seconds(?:\{[^}]*\})? (\S+)", RegexOptions.Multiline)]
    private static partial Regex LastDiscoveryCycle();

    [GeneratedRegex(@"^aivenmetrics_broker_reconcile_last_success_timestamp_seconds(?:\{[^}]*\})? (\S+)", RegexOptions.Multiline)]
    private static partial Regex LastReconciliation();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Values.Concat(_ended).Select(process => process.DisposeAsync().AsTask()));
        Simulator.Dispose();
        Platform.Dispose();
        if (Environment.GetEnvironmentVariable("KEEP_TEST_FOLDERS") is null)
        {
            Directory.Delete(Folder.Root, recursive: true);
        }
    }

    private async Task StartAllAsync()
    {
        await StartRoleAsync("simulator", "Simulator", Configuration.Simulator());
        // The first broker migrates the database and leads; the others find both done.
        for (var index = 0; index < _options.Brokers; index++)
        {
            await StartRoleAsync(BrokerName(index), "Broker", Configuration.Broker(index));
        }

        var gateway = StartRoleAsync("gateway", "Gateway", Configuration.Gateway());
        try
        {
            if (_options.ReadPath)
            {
                await StartReadPathAsync();
            }
        }
        finally
        {
            await gateway;
        }
    }

    private async Task StartReadPathAsync()
    {
        await StartRoleAsync("discovery", "Discovery", Configuration.Discovery((await Simulator.StateAsync())["dns"]!.GetValue<string>()));
        await WaitUntilAsync("discovery writes prometheus.yml", () =>
            Task.FromResult(File.Exists(Folder.Path("prometheus", "prometheus.yml")))
        );
        for (var index = 0; index < _options.Prometheus; index++)
        {
            var name = $"prometheus-{index + 1}";
            var arguments = Configuration.Prometheus(index);
            _starts[name] = () => DemoProcess.Start(name, "prometheus", arguments, LogFile(name));
        }

        await Task.WhenAll(Enumerable.Range(1, _options.Prometheus).Select(index => RestartAsync($"prometheus-{index}")));
    }

    private async Task StartRoleAsync(string role, string section, JsonObject configuration)
    {
        var file = Folder.WriteConfiguration(role, new JsonObject { [section] = configuration });
        _starts[role] = () =>
            DemoProcess.Start(
                role,
                "dotnet",
                [
                    ProgramFiles.With(section.ToLowerInvariant()),
                    section.ToLowerInvariant(),
                    "--config",
                    file,
                    "--log-format",
                    "json",
                    "--log-level",
                    _options.LogLevel,
                ],
                LogFile(role)
            );
        await RestartAsync(role);
    }

    /// <summary>Returns a log file for each start, so that a restart does not overwrite the log before it.</summary>
    private string LogFile(string name) => Folder.Path("logs", $"{name}-{Interlocked.Increment(ref _logs)}.log");

    private static string BrokerName(int index) => index == 0 ? "broker" : $"broker-{index + 1}";

    private Task<TimeSpan> WaitUntilReadyAsync(string role)
    {
        var url = role switch
        {
            "simulator" => Configuration.SimulatorInternalUrl + "/readyz",
            "broker" or "broker-2" => Configuration.BrokerInternalUrl(role == "broker" ? 0 : 1) + "/healthz",
            "discovery" => Configuration.DiscoveryInternalUrl + "/healthz",
            "gateway" => Configuration.GatewayInternalUrl + (_options.ReadPath ? "/readyz" : "/healthz"),
            _ => Configuration.PrometheusUrl(role[^1] - '1') + "/-/ready",
        };
        return WaitUntilAsync($"{role} gets ready", () =>
        {
            _processes[role].ThrowIfExited();
            return AnswersAsync(url);
        });
    }

    private static async Task<bool> AnswersAsync(string url)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using var response = await http.GetAsync(url);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Send(string role, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _processes[role].Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task GoneAsync(string role)
    {
        var process = _processes[role];
        await WaitUntilAsync($"{role} ends", () => Task.FromResult(process.HasExited), TimeSpan.FromSeconds(30));
        _processes.TryRemove(role, out _);
        _ended.Add(process);
    }
}
