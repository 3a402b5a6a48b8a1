using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// The whole product on one machine: simulator, broker (SQLite), discovery, two Prometheus servers, gateway, each a process of
/// its own with its own configuration file and its own secrets.
/// </summary>
internal sealed class DemoStack(DemoFolder folder, DemoOptions options, TimeProvider time, Action<string> say) : IAsyncDisposable
{
    public const string Project = "demo";
    private static readonly TimeSpan StartUp = TimeSpan.FromSeconds(30);

    private readonly List<DemoProcess> processes = [];
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private string simulatorDns = "";
    private string gatewayInternal = "";

    public IReadOnlyList<DemoProcess> Processes => processes;

    public string BrokerUrl { get; private set; } = "";

    public string BrokerUsername { get; } = "platform";

    public string BrokerPassword { get; private set; } = "";

    public string GatewayUrl { get; private set; } = "";

    public string SimulatorUrl { get; private set; } = "";

    public string SimulatorToken { get; private set; } = "";

    public IReadOnlyList<string> PrometheusUrls { get; private set; } = [];

    /// <summary>Starts everything in the order in which the parts need each other.</summary>
    public async Task Start(CancellationToken ct)
    {
        int[] ports = Ports.Free(4);
        GatewayUrl = $"http://127.0.0.1:{ports[0]}";
        PrometheusUrls = [$"http://127.0.0.1:{ports[1]}", $"http://127.0.0.1:{ports[2]}"];
        gatewayInternal = $"127.0.0.1:{ports[3]}";
        var feedTokens = (Discovery: folder.Secret("feed-discovery").File, Gateway: folder.Secret("feed-gateway").File);

        await StartSimulator(ct);
        await StartBroker(feedTokens, ct);
        await StartDiscovery(feedTokens.Discovery, ct);
        await StartPrometheus(ct);
        await StartGateway(feedTokens.Gateway, ct);
    }

    /// <summary>Asks Aiven how many services of a space deliver metrics or are about to.</summary>
    public async Task<int> CountIntegratedServices(string spaceId, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{SimulatorUrl}/v1/project/{Project}/service?include_secrets=false");
        request.Headers.TryAddWithoutValidation("Authorization", $"aivenv1 {SimulatorToken}");
        using HttpResponseMessage response = await http.SendAsync(request, ct);
        JsonObject answer = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>(ct) ?? [];
        return answer["services"]!.AsArray().Count(service =>
            service!["tags"]?["space_id"]?.GetValue<string>() == spaceId && service["service_integrations"]!.AsArray().Count > 0);
    }

    /// <summary>Throws when any process has ended by itself.</summary>
    public void ThrowIfAnyExited() => processes.ForEach(process => process.ThrowIfExited());

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));
    }

    private async Task StartSimulator(CancellationToken ct)
    {
        (string file, SimulatorToken) = folder.Secret("aiven-token");
        JsonObject addresses = await StartRole(ProgramFile.Lab, "simulator", "Simulator", new JsonObject
        {
            ["TokenFile"] = file,
            ["Project"] = Project,
            ["NodeNetwork"] = "auto",
            ["DnsListen"] = "127.0.0.1:0",
            ["IntegrationDelay"] = "00:00:02",
            ["ListenerDelay"] = "00:00:03",
            ["NotFoundWindow"] = "00:00:00.5",
        }, ct);
        SimulatorUrl = addresses["listen"]!.GetValue<string>();
        JsonObject state = await http.GetFromJsonAsync<JsonObject>($"{SimulatorUrl}/simulator/v1/state", ct)
            ?? throw new DemoException("The simulator does not describe itself.");
        simulatorDns = state["dns"]!.GetValue<string>();
        say($"simulator: Aiven's API on {SimulatorUrl}, its DNS on {simulatorDns}");
    }

    private async Task StartBroker((string Discovery, string Gateway) feedTokens, CancellationToken ct)
    {
        (string passwordFile, BrokerPassword) = folder.Secret("broker-password");
        JsonObject addresses = await StartRole(ProgramFile.Product, "broker", "Broker", new JsonObject
        {
            ["Username"] = BrokerUsername,
            ["PasswordFile"] = passwordFile,
            [nameof(GatewayUrl)] = GatewayUrl,
            ["Database"] = $"Data Source={folder.Path("broker.db")}",
            ["EncryptionKeys"] = new JsonArray(new JsonObject { ["Id"] = "demo-1", ["KeyFile"] = folder.Secret("encryption-key").File }),
            ["Feed"] = new JsonObject { ["DiscoveryTokenFile"] = feedTokens.Discovery, ["GatewayTokenFile"] = feedTokens.Gateway },
            ["Aiven"] = new JsonObject
            {
                ["ApiUrl"] = SimulatorUrl,
                ["TokenFile"] = folder.Path("secrets", "aiven-token"),
                ["Projects"] = new JsonArray(Project),
                ["Interval"] = "00:00:05",
                ["GracePeriod"] = "00:00:30",
            },
        }, ct);
        BrokerUrl = addresses["listen"]!.GetValue<string>();
        say($"broker: OSB and feed on {BrokerUrl}, state in SQLite");
    }

    private async Task StartDiscovery(string tokenFile, CancellationToken ct)
    {
        string directory = folder.Path("prometheus");
        await StartRole(ProgramFile.Product, "discovery", "Discovery", new JsonObject
        {
            ["FeedUrl"] = BrokerUrl,
            ["FeedTokenFile"] = tokenFile,
            ["Directory"] = directory,
            ["DnsServer"] = simulatorDns,
            ["ResolveInterval"] = "00:00:02",
            ["PrometheusBase"] = DemoFolder.Write(folder.Path("config", "prometheus-base.yml"), PrometheusBase),
            ["Gateways"] = new JsonArray(gatewayInternal),
            ["PrometheusReload"] = new JsonArray([.. PrometheusUrls.Select(url => (JsonNode)url)]),
        }, ct);
        await Until(() => Task.FromResult(File.Exists(Path.Combine(directory, "prometheus.yml"))), "discovery writes prometheus.yml", ct);
        say($"discovery: writes target files for Prometheus to {directory}");
    }

    private const string PrometheusBase = """
        global:
          scrape_interval: 2s
          scrape_timeout: 2s
        """;

    private async Task StartPrometheus(CancellationToken ct)
    {
        foreach ((int index, string url) in PrometheusUrls.Index())
        {
            string name = $"prometheus-{index + 1}";
            processes.Add(DemoProcess.Start(name, options.Prometheus,
            [
                $"--config.file={folder.Path("prometheus", "prometheus.yml")}",
                $"--storage.tsdb.path={folder.Path(name)}",
                $"--web.listen-address={new Uri(url).Authority}",
                "--web.enable-lifecycle",
            ], folder.Path("logs", name + ".log")));
        }

        foreach (string url in PrometheusUrls)
        {
            await Until(() => Answers(url + "/-/ready", ct), $"Prometheus on {url} gets ready", ct);
        }

        say($"prometheus: {string.Join(" and ", PrometheusUrls)}, scraping every 2 s");
    }

    private async Task StartGateway(string tokenFile, CancellationToken ct)
    {
        JsonObject addresses = await StartRole(ProgramFile.Product, "gateway", "Gateway", new JsonObject
        {
            ["Listen"] = GatewayUrl,
            ["InternalListen"] = $"http://{gatewayInternal}",
            ["FeedUrl"] = BrokerUrl,
            ["FeedTokenFile"] = tokenFile,
            ["LastGoodFile"] = folder.Path("gateway", "credentials.json"),
            ["Prometheus"] = new JsonArray([.. PrometheusUrls.Select(url => (JsonNode)url)]),
        }, ct);
        await Until(() => Answers(addresses["internal"]!.GetValue<string>() + "/readyz", ct), "the gateway gets ready", ct);
        say($"gateway: {GatewayUrl}, usual instance {PrometheusUrls[0]}");
    }

    private async Task<JsonObject> StartRole(ProgramFile program, string role, string section, JsonObject configuration, CancellationToken ct)
    {
        configuration["Listen"] ??= "http://127.0.0.1:0";
        configuration["InternalListen"] ??= "http://127.0.0.1:0";
        string addresses = folder.Path("run", role + ".json");
        DemoProcess process = DemoProcess.Start(role, program.Path,
        [
            .. program.Arguments,
            role,
            "--config", folder.Configuration(role, new JsonObject { [section] = configuration }),
            "--addresses-file", addresses,
            "--log-format", "json",
        ], folder.Path("logs", role + ".log"));
        processes.Add(process);
        await Until(() => Task.FromResult(File.Exists(addresses)), $"{role} listens", ct);
        return JsonNode.Parse(await File.ReadAllTextAsync(addresses, ct))!.AsObject();
    }

    private async Task Until(Func<Task<bool>> happens, string what, CancellationToken ct)
    {
        long start = time.GetTimestamp();
        while (!await happens())
        {
            ThrowIfAnyExited();
            if (time.GetElapsedTime(start) > StartUp)
            {
                throw new DemoException($"Waited {StartUp.TotalSeconds:0} s in vain until {what}. The logs are in {folder.Path("logs")} (use --data to keep them).");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time, ct);
        }
    }

    private async Task<bool> Answers(string url, CancellationToken ct)
    {
        try
        {
            using HttpResponseMessage response = await http.GetAsync(url, ct);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
