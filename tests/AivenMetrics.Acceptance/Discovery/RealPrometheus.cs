using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace AivenMetrics.Acceptance.Discovery;

/// <summary>A real Prometheus on a free port of loopback.</summary>
internal sealed class RealPrometheus : IAsyncDisposable
{
    private readonly Process process;
    private readonly HttpClient http;

    private RealPrometheus(Process process, Uri url)
    {
        this.process = process;
        http = new() { BaseAddress = url };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static RealPrometheus Start(string config, string data, int port) =>
        new(InstalledProgram.Start("prometheus", $"--config.file={config}", $"--storage.tsdb.path={data}",
            $"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"), new($"http://127.0.0.1:{port}"));

    /// <summary>The labels and value of each sample of an instant query; nothing while Prometheus is not up.</summary>
    public async Task<IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, string Value)>> Query(string query)
    {
        try
        {
            using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri($"/api/v1/query?query={Uri.EscapeDataString(query)}", UriKind.Relative)));
            return [.. document.RootElement.GetProperty("data").GetProperty("result").EnumerateArray().Select(sample => (
                (IReadOnlyDictionary<string, string>)sample.GetProperty("metric").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!),
                sample.GetProperty("value")[1].GetString()!))];
        }
        catch (HttpRequestException)
        {
            return [];
        }
    }

    /// <summary>The last scrape error of each active target, by host.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ScrapeErrors()
    {
        using var document = JsonDocument.Parse(await http.GetStringAsync(new Uri("/api/v1/targets?state=active", UriKind.Relative)));
        return document.RootElement.GetProperty("data").GetProperty("activeTargets").EnumerateArray()
            .GroupBy(target => target.GetProperty("labels").GetProperty("aiven_hostname").GetString()!)
            .ToDictionary(host => host.Key, host => string.Join('\n', host.Select(target => target.GetProperty("lastError").GetString())));
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        http.Dispose();
    }
}
