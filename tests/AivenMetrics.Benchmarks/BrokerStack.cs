using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using AivenMetrics.Lab.Demo;
using AivenMetrics.Testing.Programs;

namespace AivenMetrics.Benchmarks;

/// <summary>Simulator, broker on PostgreSQL, and one gateway, each a process of its own as in production.</summary>
internal sealed class BrokerStack : IAsyncDisposable
{
    private readonly DemoFolder folder = new(Directory.CreateTempSubdirectory("aiven-metrics-load-").FullName);
    private readonly List<DemoProcess> processes = [];
    private readonly StackConfiguration at;

    private BrokerStack(string database) => at = new StackConfiguration(new StackOptions { Database = database, GracePeriod = "01:00:00" }, folder);

    public string Url => at.BrokerUrl(0);

    public string Password => at.Secret("broker-password");

    public string MetricsUrl => at.BrokerInternalUrl(0) + "/metrics";

    /// <summary>Resident memory of the broker in bytes.</summary>
    public long BrokerMemory => ResidentMemory(processes.Single(process => process.Name == "broker").Id);

    public static async Task<BrokerStack> Start(string database, bool gateway = true)
    {
        var stack = new BrokerStack(database);
        try
        {
            await stack.StartRole("simulator", "Simulator", stack.at.Simulator(), stack.at.SimulatorInternalUrl);
            await stack.StartRole("broker", "Broker", stack.at.Broker(0), stack.at.BrokerInternalUrl(0));
            // Its Prometheus is not there: it takes credentials from the feed all the same.
            if (gateway)
                await stack.StartRole("gateway", "Gateway", stack.at.Gateway(), stack.at.GatewayInternalUrl);
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
        await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
        Directory.Delete(folder.Root, recursive: true);
    }

    private async Task StartRole(string role, string section, JsonObject configuration, string internalUrl)
    {
        string file = folder.Configuration(role, new JsonObject { [section] = configuration });
        var process = DemoProcess.Start(role, "dotnet", [ProgramFiles.With(role), role, "--config", file, "--log-format", "json"], folder.Path("logs", role + ".log"));
        processes.Add(process);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        for (long start = Stopwatch.GetTimestamp(); ; await Task.Delay(100))
        {
            process.ThrowIfExited();
            try
            {
                if ((await http.GetAsync(internalUrl + "/healthz")).IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
            {
            }
        }
    }
}
