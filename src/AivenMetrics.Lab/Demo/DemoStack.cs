using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// The processes of the demo: simulator, broker (SQLite), discovery, two Prometheus servers and a gateway. Each has its own
/// configuration file and its own secrets.
/// </summary>
internal sealed class DemoStack(DemoFolder folder, DemoOptions options, TimeProvider time, Action<string> say) : IAsyncDisposable
{
    public const string Project = "demo";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly List<DemoProcess> _processes = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private string _simulatorDns = "";
    private string _gatewayInternal = "";

    public IReadOnlyList<DemoProcess> Processes => _processes;

    public string BrokerUrl { get; private set; } = "";

    public string BrokerUsername { get; } = "platform";

    public string BrokerPassword { get; private set; } = "";

    public string GatewayUrl { get; private set; } = "";

    public string SimulatorUrl { get; private set; } = "";

    public string SimulatorToken { get; private set; } = "";

    public IReadOnlyList<string> PrometheusUrls { get; private set; } = [];

    /// <summary>Starts all processes in the order of their dependencies.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var ports = FreePorts.Take(4);
        GatewayUrl = $"http://127.0.0.1:{ports[0]}";
        PrometheusUrls = [$"http://127.0.0.1:{ports[1]}", $"http://127.0.0.1:{ports[2]}"];
        _gatewayInternal = $"127.0.0.1:{ports[3]}";
        var feedTokens = (Discovery: folder.CreateSecret("feed-discovery").File, Gateway: folder.CreateSecret("feed-gateway").File);

        await StartSimulatorAsync(cancellationToken);
        await StartBrokerAsync(feedTokens, cancellationToken);
        await StartDiscoveryAsync(feedTokens.Discovery, cancellationToken);
        await StartPrometheusAsync(cancellationToken);
        await StartGatewayAsync(feedTokens.Gateway, cancellationToken);
    }

    /// <summary>Returns the number of services of a space that have an integration, according to Aiven's API.</summary>
    public async Task<int> CountIntegratedServicesAsync(string spaceId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{SimulatorUrl}/v1/project/{Project}/service?include_secrets=false");
        request.Headers.TryAddWithoutValidation("Authorization", $"aivenv1 {SimulatorToken}");
        using var response = await _http.SendAsync(request, cancellationToken);
        var answer = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonObject>(cancellationToken) ?? [];
        return answer["services"]!
            .AsArray()
            .Count(service =>
                service!["tags"]?["space_id"]?.GetValue<string>() == spaceId && service["service_integrations"]!.AsArray().Count > 0
            );
    }

    /// <summary>Throws if a process has ended.</summary>
    public void ThrowIfAnyExited() => _processes.ForEach(process => process.ThrowIfExited());

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Task.WhenAll(_processes.Select(process => process.DisposeAsync().AsTask()));
    }

    private async Task StartSimulatorAsync(CancellationToken cancellationToken)
    {
        (var file, SimulatorToken) = folder.CreateSecret("aiven-token");
        var addresses = await StartRoleAsync(
            ProgramFile.Lab,
            "simulator",
            "Simulator",
            new JsonObject
            {
                ["TokenFile"] = file,
                ["Project"] = Project,
                ["NodeNetwork"] = "auto",
                ["DnsListen"] = "127.0.0.1:0",
                ["IntegrationDelay"] = "00:00:02",
                ["ListenerDelay"] = "00:00:03",
                ["NotFoundWindow"] = "00:00:00.5",
            },
            cancellationToken
        );
        SimulatorUrl = addresses["listen"]!.GetValue<string>();
        var state = await _http.GetFromJsonAsync<JsonObject>($"{SimulatorUrl}/simulator/v1/state", cancellationToken)
            ?? throw new DemoException("The simulator returned no state.");
        _simulatorDns = state["dns"]!.GetValue<string>();
        say($"simulator: Aiven's API on {SimulatorUrl}, its DNS on {_simulatorDns}");
    }

    private async Task StartBrokerAsync((string Discovery, string Gateway) feedTokens, CancellationToken cancellationToken)
    {
        (var passwordFile, BrokerPassword) = folder.CreateSecret("broker-password");
        var addresses = await StartRoleAsync(
            ProgramFile.Product,
            "broker",
            "Broker",
            new JsonObject
            {
                ["Username"] = BrokerUsername,
                ["PasswordFile"] = passwordFile,
                [nameof(GatewayUrl)] = GatewayUrl,
                ["Database"] = $"Data Source={folder.Path("broker.db")}",
                ["EncryptionKeys"] = new JsonArray(
                    new JsonObject { ["Id"] = "demo-1", ["KeyFile"] = folder.CreateSecret("encryption-key").File }
                ),
                ["Feed"] = new JsonObject { ["DiscoveryTokenFile"] = feedTokens.Discovery, ["GatewayTokenFile"] = feedTokens.Gateway },
                ["Aiven"] = new JsonObject
                {
                    ["ApiUrl"] = SimulatorUrl,
                    ["TokenFile"] = folder.Path("secrets", "aiven-token"),
                    ["Projects"] = new JsonArray(Project),
                    ["Interval"] = "00:00:05",
                    ["GracePeriod"] = "00:00:30",
                },
            },
            cancellationToken
        );
        BrokerUrl = addresses["listen"]!.GetValue<string>();
        say($"broker: OSB and feed on {BrokerUrl}, state in SQLite");
    }

    private async Task StartDiscoveryAsync(string tokenFile, CancellationToken cancellationToken)
    {
        var directory = folder.Path("prometheus");
        await StartRoleAsync(
            ProgramFile.Product,
            "discovery",
            "Discovery",
            new JsonObject
            {
                ["FeedUrl"] = BrokerUrl,
                ["FeedTokenFile"] = tokenFile,
                ["Directory"] = directory,
                ["DnsServer"] = _simulatorDns,
                ["ResolveInterval"] = "00:00:02",
                ["PrometheusBase"] = DemoFolder.WriteFile(folder.Path("config", "prometheus-base.yml"), PrometheusBase),
                ["Gateways"] = new JsonArray(_gatewayInternal),
                ["PrometheusReload"] = new JsonArray([.. PrometheusUrls.Select(url => (JsonNode)url)]),
            },
            cancellationToken
        );
        await WaitUntilAsync(
            () => Task.FromResult(File.Exists(Path.Combine(directory, "prometheus.yml"))),
            "discovery writes prometheus.yml",
            cancellationToken
        );
        say($"discovery: writes target files for Prometheus to {directory}");
    }

    private const string PrometheusBase = """
        global:
          scrape_interval: 2s
          scrape_timeout: 2s
        """;

    private async Task StartPrometheusAsync(CancellationToken cancellationToken)
    {
        foreach ((var index, var url) in PrometheusUrls.Index())
        {
            var name = $"prometheus-{index + 1}";
            _processes.Add(
                DemoProcess.Start(
                    name,
                    options.Prometheus,
                    [
                        $"--config.file={folder.Path("prometheus", "prometheus.yml")}",
                        $"--storage.tsdb.path={folder.Path(name)}",
                        $"--web.listen-address={new Uri(url).Authority}",
                        "--web.enable-lifecycle",
                    ],
                    folder.Path("logs", name + ".log")
                )
            );
        }

        foreach (var url in PrometheusUrls)
        {
            await WaitUntilAsync(
                () => IsAvailableAsync(url + "/-/ready", cancellationToken),
                $"Prometheus on {url} gets ready",
                cancellationToken
            );
        }

        say($"prometheus: {string.Join(" and ", PrometheusUrls)}, scraping every 2 s");
    }

    private async Task StartGatewayAsync(string tokenFile, CancellationToken cancellationToken)
    {
        var addresses = await StartRoleAsync(
            ProgramFile.Product,
            "gateway",
            "Gateway",
            new JsonObject
            {
                ["Listen"] = GatewayUrl,
                ["InternalListen"] = $"http://{_gatewayInternal}",
                ["FeedUrl"] = BrokerUrl,
                ["FeedTokenFile"] = tokenFile,
                ["LastGoodFile"] = folder.Path("gateway", "credentials.json"),
                ["Prometheus"] = new JsonArray([.. PrometheusUrls.Select(url => (JsonNode)url)]),
            },
            cancellationToken
        );
        await WaitUntilAsync(
            () => IsAvailableAsync(addresses["internal"]!.GetValue<string>() + "/readyz", cancellationToken),
            "the gateway gets ready",
            cancellationToken
        );
        say($"gateway: {GatewayUrl}, usual instance {PrometheusUrls[0]}");
    }

    private async Task<JsonObject> StartRoleAsync(
        ProgramFile program,
        string role,
        string section,
        JsonObject configuration,
        CancellationToken cancellationToken
    )
    {
        configuration["Listen"] ??= "http://127.0.0.1:0";
        configuration["InternalListen"] ??= "http://127.0.0.1:0";
        var addresses = folder.Path("run", role + ".json");
        var process = DemoProcess.Start(
            role,
            program.Path,
            [
                .. program.Arguments,
                role,
                "--config",
                folder.WriteConfiguration(role, new JsonObject { [section] = configuration }),
                "--addresses-file",
                addresses,
                "--log-format",
                "json",
            ],
            folder.Path("logs", role + ".log")
        );
        _processes.Add(process);
        await WaitUntilAsync(() => Task.FromResult(File.Exists(addresses)), $"{role} listens", cancellationToken);
        return JsonNode.Parse(await File.ReadAllTextAsync(addresses, cancellationToken))!.AsObject();
    }

    private async Task WaitUntilAsync(Func<Task<bool>> happens, string what, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (!await happens())
        {
            ThrowIfAnyExited();
            if (time.GetElapsedTime(start) > StartTimeout)
            {
                throw new DemoException(
                    $"After {StartTimeout.TotalSeconds:0} s it is still not true that {what}. The logs are in "
                        + $"{folder.Path("logs")} (use --data to keep them)."
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
    }

    private async Task<bool> IsAvailableAsync(string url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _http.GetAsync(url, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
