using System.Text.Json.Nodes;
using AivenMetrics.Lab.Demo;

namespace AivenMetrics.Testing.Programs;

/// <summary>The addresses and configurations of the programs of a stack.</summary>
internal sealed class StackConfiguration
{
    private readonly StackOptions _options;
    private readonly DemoFolder _folder;
    private readonly int[] _ports = FreePorts.Take(12);

    public StackConfiguration(StackOptions options, DemoFolder folder)
    {
        (_options, _folder) = (options, folder);
        foreach (var secret in (string[])["aiven-token", "broker-password", "feed-discovery", "feed-gateway", "encryption-key"])
        {
            folder.CreateSecret(secret);
        }
    }

    public string SimulatorUrl => Url(0);

    public string SimulatorInternalUrl => Url(1);

    public string GatewayUrl => Url(2);

    public string GatewayInternalUrl => Url(3);

    public string DiscoveryInternalUrl => Url(4);

    public string BrokerUrl(int index) => Url(5 + index);

    public string BrokerInternalUrl(int index) => Url(7 + index);

    public string PrometheusUrl(int index) => Url(9 + index);

    public string Secret(string name) => File.ReadAllText(SecretFile(name));

    public JsonObject Simulator() =>
        new()
        {
            ["Listen"] = SimulatorUrl,
            ["InternalListen"] = SimulatorInternalUrl,
            ["TokenFile"] = SecretFile("aiven-token"),
            ["NodeNetwork"] = "auto",
            ["IntegrationDelay"] = "00:00:00.3",
            ["ListenerDelay"] = "00:00:00.5",
            ["NotFoundWindow"] = "00:00:00.2",
            ["BuildTime"] = "00:00:01",
            ["RequestsPerMinute"] = _options.AivenLimit,
        };

    public JsonObject Broker(int index)
    {
        var aiven = new JsonObject
        {
            ["ApiUrl"] = SimulatorUrl,
            ["TokenFile"] = SecretFile("aiven-token"),
            ["Projects"] = new JsonArray("demo"),
            ["Interval"] = "00:00:01",
            ["MinimumInterval"] = "00:00:00.2",
            ["GracePeriod"] = _options.GracePeriod,
            ["RequestsPerMinute"] = 6000,
            ["RetryDelay"] = "00:00:00.2",
            ["BreakDuration"] = "00:00:01",
        };
        foreach ((var key, var value) in _options.Aiven)
        {
            aiven[key] = value?.DeepClone();
        }

        return new JsonObject
        {
            ["Listen"] = BrokerUrl(index),
            ["InternalListen"] = BrokerInternalUrl(index),
            ["Username"] = "platform",
            ["PasswordFile"] = SecretFile("broker-password"),
            [nameof(GatewayUrl)] = GatewayUrl,
            ["Database"] = _options.Database.Length > 0 ? _options.Database : $"Data Source={_folder.Path("broker.db")}",
            ["EncryptionKeys"] = new JsonArray(new JsonObject { ["Id"] = "test-1", ["KeyFile"] = SecretFile("encryption-key") }),
            ["BindBudget"] = _options.BindBudget,
            ["Feed"] = new JsonObject
            {
                ["DiscoveryTokenFile"] = SecretFile("feed-discovery"),
                ["GatewayTokenFile"] = SecretFile("feed-gateway"),
            },
            ["Aiven"] = aiven,
        };
    }

    public JsonObject Discovery(string dnsServer) =>
        new()
        {
            ["InternalListen"] = DiscoveryInternalUrl,
            ["FeedUrl"] = BrokerUrl(0),
            ["FeedTokenFile"] = SecretFile("feed-discovery"),
            ["Directory"] = _folder.Path("prometheus"),
            ["DnsServer"] = dnsServer,
            ["DnsTimeout"] = "00:00:01",
            ["ResolveInterval"] = "00:00:01",
            ["PrometheusBase"] = DemoFolder.WriteFile(
                _folder.Path("config", "prometheus-base.yml"),
                "global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
            ),
            ["PrometheusReload"] = PrometheusUrls(),
        };

    public JsonObject Gateway() =>
        new()
        {
            ["Listen"] = GatewayUrl,
            ["InternalListen"] = GatewayInternalUrl,
            // Tests send requests faster than people.
            ["Plans"] = new JsonObject
            {
                ["default"] = new JsonObject { ["RequestsPerSecond"] = 1_000_000, ["RequestBurst"] = 1_000_000 },
            },
            ["FeedUrl"] = BrokerUrl(_options.GatewayBroker),
            ["FeedTokenFile"] = SecretFile("feed-gateway"),
            ["LastGoodFile"] = _folder.Path("gateway", "credentials.json"),
            ["Prometheus"] = PrometheusUrls(),
        };

    public string[] Prometheus(int index) =>
        [
            $"--config.file={_folder.Path("prometheus", "prometheus.yml")}",
            $"--storage.tsdb.path={_folder.Path($"prometheus-{index + 1}")}",
            $"--web.listen-address={new Uri(PrometheusUrl(index)).Authority}",
            "--web.enable-lifecycle",
        ];

    private JsonArray PrometheusUrls() => [.. Enumerable.Range(0, _options.Prometheus).Select(index => (JsonNode)PrometheusUrl(index))];

    private string SecretFile(string name) => _folder.Path("secrets", name);

    private string Url(int index) => $"http://127.0.0.1:{_ports[index]}";
}
