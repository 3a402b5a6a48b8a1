using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AivenMetrics.Testing.Gateway;

/// <summary>
/// The gateway in a process of its own, as <c>aiven-metrics gateway</c> runs in production: with its JSON access log, which
/// goes to /dev/null, so that reading the log is not part of a measurement.
/// </summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    /// <summary>The tenant of the load; its scope is <c>space_id="a"</c>.</summary>
    public static readonly (string Username, string Password) Tenant = ("tenant-a", "password-of-tenant-a");

    private static readonly (string Key, string Value)[] Unlimited =
    [
        ("UpstreamConcurrency", "10000"),
        ("Plans__default__ConcurrentQueries", "10000"),
        ("Plans__default__RequestsPerSecond", "1000000"),
        ("Plans__default__RequestBurst", "1000000"),
    ];

    private readonly Process _process;
    private readonly string _folder;

    private GatewayProcess(Process process, string folder) => (_process, _folder) = (process, folder);

    public int Id => _process.Id;

    /// <summary>The address for tenants.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The address of its metrics and health checks.</summary>
    public Uri InternalUrl { get; private set; } = null!;

    public static string Credential(string username, string password, string space) =>
        $$"""
            {"username":"{{username}}","secret_sha256":"{{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)))}}",
            "matchers":[{"name":"space_id","type":"=","value":"{{space}}"}],"plan":"space"}
            """;

    /// <summary>Starts it in front of a Prometheus, by default with <see cref="Tenant"/> alone, and waits until it listens.</summary>
    /// <param name="prometheus">The Prometheus.</param>
    /// <param name="credentials">The credentials of its tenants file.</param>
    /// <param name="limited">True: the default limits of tenants. False: limits that no load reaches.</param>
    /// <param name="feed">A broker's feed as the source of credentials, instead of a file.</param>
    /// <param name="second">The second destination, if any.</param>
    public static async Task<GatewayProcess> StartAsync(
        Uri prometheus,
        string? credentials = null,
        bool limited = false,
        Uri? feed = null,
        Uri? second = null
    )
    {
        var folder = Directory.CreateTempSubdirectory("gateway-load-").FullName;
        var addresses = Path.Combine(folder, "addresses.json");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tenants.json"),
            $$"""{"credentials":[{{credentials ?? Credential(Tenant.Username, Tenant.Password, "a")}}]}"""
        );
        var program = new ProcessStartInfo(
            "/bin/sh",
            [
                "-c",
                "exec \"$0\" \"$@\" > /dev/null",
                Path.Combine(AppContext.BaseDirectory, "aiven-metrics"),
                "gateway",
                "--addresses-file",
                addresses,
                "--log-format",
                "json",
            ]
        )
        {
            Environment =
            {
                ["AIVENMETRICS_Gateway__Prometheus__0"] = prometheus.ToString(),
                ["AIVENMETRICS_Gateway__Listen"] = "http://127.0.0.1:0",
                ["AIVENMETRICS_Gateway__InternalListen"] = "http://127.0.0.1:0",
            },
        };
        if (second is not null)
        {
            program.Environment["AIVENMETRICS_Gateway__Prometheus__1"] = second.ToString();
        }
        if (!limited)
        {
            foreach (var (limit, value) in Unlimited)
            {
                program.Environment["AIVENMETRICS_Gateway__" + limit] = value;
            }
        }
        if (feed is null)
        {
            program.Environment["AIVENMETRICS_Gateway__TenantsFile"] = Path.Combine(folder, "tenants.json");
        }
        else
        {
            (program.Environment["AIVENMETRICS_Gateway__FeedUrl"], program.Environment["AIVENMETRICS_Gateway__FeedToken"]) = (
                feed.ToString(),
                "token-of-the-benchmark"
            );
        }
        var gateway = new GatewayProcess(Process.Start(program)!, folder);
        for (var i = 0; i < 1200 && !gateway._process.HasExited; i++)
        {
            await Task.Delay(25);
            if (!File.Exists(addresses))
            {
                continue;
            }
            using var json = JsonDocument.Parse(await File.ReadAllTextAsync(addresses));
            gateway.Url = new Uri(json.RootElement.GetProperty("listen").GetString()!);
            gateway.InternalUrl = new Uri(json.RootElement.GetProperty("internal").GetString()!);
            return gateway;
        }

        await gateway.DisposeAsync();
        throw new InvalidOperationException("the gateway did not start");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
