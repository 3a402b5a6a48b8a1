using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>
/// The real programs, each a process of its own on fixed loopback ports with its own configuration file, so that a test can kill
/// one and start it again as it was.
/// </summary>
internal sealed class Stack : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly StackOptions options;
    private readonly Dictionary<string, DemoProcess> processes = [];
    private readonly Dictionary<string, Func<DemoProcess>> starts = [];
    private readonly List<DemoProcess> ended = [];

    private Stack(StackOptions options)
    {
        this.options = options;
        Folder = new DemoFolder(Directory.CreateTempSubdirectory("aiven-metrics-acceptance-").FullName);
        At = new StackConfiguration(options, Folder);
        Simulator = new SimulatorAdmin(At.SimulatorUrl, At.Secret("aiven-token"));
        Platform = PlatformOf(0);
    }

    public DemoFolder Folder { get; }

    /// <summary>Where each program is, and its secrets.</summary>
    public StackConfiguration At { get; }

    public SimulatorAdmin Simulator { get; }

    /// <summary>The platform, speaking to the first broker.</summary>
    public Platform Platform { get; }

    public string TargetsFile => Folder.Path("prometheus", "targets", "demo.json");

    /// <summary>Ids of the running processes by role.</summary>
    public IReadOnlyDictionary<string, int> ProcessIds => processes.ToDictionary(process => process.Key, process => process.Value.Id);

    /// <summary>Starts simulator, brokers and the gateway and, unless left out, discovery and Prometheus.</summary>
    public static async Task<Stack> Start(StackOptions? options = null)
    {
        var stack = new Stack(options ?? new StackOptions());
        try
        {
            await stack.StartAll();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public Platform PlatformOf(int broker) => new(At.BrokerUrl(broker), "platform", At.Secret("broker-password"));

    public QueryClient Prometheus(int index = 0) => new(At.PrometheusUrl(index));

    /// <summary>Kills a process with SIGKILL, as the kernel or a crash would.</summary>
    public async Task Kill(string role)
    {
        Send(role, "KILL");
        await Gone(role);
    }

    /// <summary>Stops a process with SIGTERM and waits for its end.</summary>
    public async Task Stop(string role)
    {
        Send(role, "TERM");
        await Gone(role);
    }

    /// <summary>Starts a process that was killed or stopped, with the configuration that it had.</summary>
    public async Task Restart(string role)
    {
        processes[role] = starts[role]();
        await UntilReady(role);
    }

    /// <summary>Waits until the condition holds; fails with what was waited for.</summary>
    /// <returns>How long that took.</returns>
    public static async Task<TimeSpan> Until(string what, Func<Task<bool>> holds, TimeSpan? atMost = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < (atMost ?? Patience), $"Waited in vain until {what}");
            await Task.Delay(100);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(processes.Values.Concat(ended).Select(process => process.DisposeAsync().AsTask()));
        Simulator.Dispose();
        Platform.Dispose();
        if (Environment.GetEnvironmentVariable("KEEP_TEST_FOLDERS") is null)
        {
            Directory.Delete(Folder.Root, recursive: true);
        }
    }

    private async Task StartAll()
    {
        await StartRole("simulator", "Simulator", At.Simulator());
        for (int index = 0; index < options.Brokers; index++)
        {
            await StartRole(BrokerName(index), "Broker", At.Broker(index));
        }

        if (!options.ReadPath)
        {
            await StartRole("gateway", "Gateway", At.Gateway());
            return;
        }

        await StartRole("discovery", "Discovery", At.Discovery((await Simulator.State())["dns"]!.GetValue<string>()));
        await Until("discovery writes prometheus.yml", () => Task.FromResult(File.Exists(Folder.Path("prometheus", "prometheus.yml"))));
        for (int index = 0; index < options.Prometheus; index++)
        {
            string name = $"prometheus-{index + 1}";
            string[] arguments = At.Prometheus(index);
            starts[name] = () => DemoProcess.Start(name, "prometheus", arguments, LogFile(name));
            await Restart(name);
        }

        await StartRole("gateway", "Gateway", At.Gateway());
    }

    private async Task StartRole(string role, string section, JsonObject configuration)
    {
        string file = Folder.Configuration(role, new JsonObject { [section] = configuration });
        starts[role] = () => DemoProcess.Start(role, "dotnet",
            [ProgramFiles.With(section.ToLowerInvariant()), section.ToLowerInvariant(), "--config", file, "--log-format", "json", "--log-level", options.LogLevel], LogFile(role));
        await Restart(role);
    }

    /// <summary>A log file for each start, so that none overwrites what an earlier life of the process wrote.</summary>
    private string LogFile(string name) => Folder.Path("logs", $"{name}-{Directory.GetFiles(Folder.Path("logs")).Length}.log");

    private static string BrokerName(int index) => index == 0 ? "broker" : $"broker-{index + 1}";

    private Task<TimeSpan> UntilReady(string role)
    {
        string url = role switch
        {
            "simulator" => At.SimulatorInternalUrl + "/readyz",
            "broker" or "broker-2" => At.BrokerInternalUrl(role == "broker" ? 0 : 1) + "/healthz",
            "discovery" => At.DiscoveryInternalUrl + "/healthz",
            "gateway" => At.GatewayInternalUrl + (options.ReadPath ? "/readyz" : "/healthz"),
            _ => At.PrometheusUrl(role[^1] - '1') + "/-/ready",
        };
        return Until($"{role} gets ready", () =>
        {
            processes[role].ThrowIfExited();
            return Answers(url);
        });
    }

    private static async Task<bool> Answers(string url)
    {
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            using HttpResponseMessage response = await http.GetAsync(url);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private void Send(string role, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", processes[role].Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private async Task Gone(string role)
    {
        DemoProcess process = processes[role];
        await Until($"{role} ends", () => Task.FromResult(process.HasExited), TimeSpan.FromSeconds(30));
        processes.Remove(role);
        ended.Add(process);
    }
}
