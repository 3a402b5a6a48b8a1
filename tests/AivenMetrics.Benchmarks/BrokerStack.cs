using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Benchmarks;

/// <summary>Simulator, broker on PostgreSQL, and one gateway, each a process of its own as in production.</summary>
internal sealed class BrokerStack : IAsyncDisposable
{
    private readonly DemoFolder _folder = new(Directory.CreateTempSubdirectory("aiven-metrics-load-").FullName);
    private readonly List<DemoProcess> _processes = [];
    private readonly StackConfiguration _at;

    private BrokerStack(string database) =>
        _at = new StackConfiguration(new StackOptions { Database = database, GracePeriod = "01:00:00" }, _folder);

    public string Url => _at.BrokerUrl(0);

    public string Password => _at.Secret("broker-password");

    public string MetricsUrl => _at.BrokerInternalUrl(0) + "/metrics";

    /// <summary>Resident memory of the broker in bytes.</summary>
    public long BrokerMemory => ResidentMemory(_processes.Single(process => process.Name == "broker").Id);

    public static async Task<BrokerStack> StartAsync(string database, bool gateway = true)
    {
        var stack = new BrokerStack(database);
        try
        {
            await stack.StartRoleAsync("simulator", "Simulator", stack._at.Simulator(), stack._at.SimulatorInternalUrl);
            await stack.StartRoleAsync("broker", "Broker", stack._at.Broker(0), stack._at.BrokerInternalUrl(0));
            // Its Prometheus is not there: it takes credentials from the feed all the same.
            if (gateway)
            {
                await stack.StartRoleAsync("gateway", "Gateway", stack._at.Gateway(), stack._at.GatewayInternalUrl);
            }
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public static long ResidentMemory(int process)
    {
        string line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
        Directory.Delete(_folder.Root, recursive: true);
    }

    private async Task StartRoleAsync(string role, string section, JsonObject configuration, string internalUrl)
    {
        var file = _folder.WriteConfiguration(role, new JsonObject { [section] = configuration });
        var process = DemoProcess.Start(
            role,
            "dotnet",
            [ProgramFiles.With(role), role, "--config", file, "--log-format", "json"],
            _folder.Path("logs", role + ".log")
        );
        _processes.Add(process);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (var start = Stopwatch.GetTimestamp(); ; await Task.Delay(100))
        {
            process.ThrowIfExited();
            try
            {
                if ((await http.GetAsync(internalUrl + "/healthz")).IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60)) { }
        }
    }
}
