using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Secrets;

/// <summary>All programs, at log level Trace.</summary>
public sealed class VerboseStack : StackFixture
{
    private protected override StackOptions Options =>
        new()
        {
            Prometheus = 2,
            LogLevel = "Trace",
            Aiven = new JsonObject { ["TryTimeout"] = "00:00:02" },
        };
}

/// <summary>Runs all programs through many failures, then searches every file, log, page and command line for every secret.</summary>
public sealed partial class SecretsTests(VerboseStack stack) : IClassFixture<VerboseStack>
{
    private readonly List<string> _shown = [];

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task No_secret_is_in_any_file_log_command_line_metric_or_error()
    {
        using var forecast = await Tenant.CreateAsync(Stack, SeededServices.Forecast);
        using var beacons = await Tenant.CreateAsync(Stack, SeededServices.Beacons);
        await forecast.WaitUntilAllAreUpAsync();
        await GoWrongAsync(forecast);
        await Stack.KillAsync("broker");
        await Stack.RestartAsync("broker");
        await Stack.StopAsync("gateway");
        await Stack.RestartAsync("gateway");
        await LookAsync();

        var secrets = Secrets(forecast.Credentials, beacons.Credentials);
        var written = Written();
        Assert.Contains(written.Keys, name => name.Contains("logs/broker", StringComparison.Ordinal));
        Assert.Contains(written.Keys, name => name.EndsWith("broker.db", StringComparison.Ordinal));
        Assert.Contains(written.Keys, name => name.Contains("/wal/", StringComparison.Ordinal));
        List<string> leaks = [];
        foreach ((var name, var secret) in secrets)
        {
            leaks.AddRange(written.Where(file => Holds(file.Value, secret)).Select(file => $"{name} is in {file.Key}"));
            leaks.AddRange(
                _shown
                    .Where(text => Holds(Encoding.UTF8.GetBytes(text), secret))
                    .Select(text => $"{name} is in {text[..Math.Min(200, text.Length)]}")
            );
        }

        Assert.Empty(leaks);
    }

    [Fact]
    public async Task Files_with_secrets_are_readable_only_by_their_owner_and_its_Prometheus()
    {
        using var _ = await Tenant.CreateAsync(Stack, SeededServices.Website);
        const UnixFileMode others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

        foreach (
            var path in (string[])
                ["prometheus/secrets/demo.password", "prometheus/last-good/feed.json", "gateway/credentials.json", "broker.db"]
        )
        {
            var file = Stack.Folder.Path(path.Split('/'));
            await Stack.WaitUntilAsync($"{path} is written", () => Task.FromResult(File.Exists(file)));
            Assert.True((File.GetUnixFileMode(file) & others) == 0, $"{path} has mode {File.GetUnixFileMode(file)}");
        }
    }

    /// <summary>Causes every kind of failure whose log message might contain a secret.</summary>
    private async Task GoWrongAsync(Tenant tenant)
    {
        foreach (
            var path in (string[])
                [
                    "/api/v1/query?query=sum(up",
                    "/api/v1/query?query=up&query=up",
                    "/api/v1/status/config",
                    "/nothing",
                    "/api/v1/label/1x/values",
                ]
        )
        {
            _shown.Add((await tenant.Query.GetAsync(path)).Text);
        }

        // A password in the wrong place: as the user name, in the URL, in the query, as a bearer token.
        using var swapped = new QueryClient(Stack.Configuration.GatewayUrl, tenant.Credentials.Password, tenant.Credentials.Username);
        _shown.Add((await swapped.GetAsync("/api/v1/query?query=up")).Text);
        using var bearer = new QueryClient(Stack.Configuration.GatewayUrl);
        _shown.Add(
            (
                await bearer.SendAsync(
                    HttpMethod.Get,
                    "/api/v1/query?query=up",
                    null,
                    ("Authorization", "Bearer " + tenant.Credentials.Password)
                )
            ).Text
        );
        await bearer.GetAsync($"/api/v1/query?query=up&password={Uri.EscapeDataString(tenant.Credentials.Password)}");
        using var stranger = new Platform(Stack.Configuration.BrokerUrl(0), Stack.Configuration.Secret("broker-password"), "platform");
        _shown.Add((await stranger.SendAsync(HttpMethod.Get, "/v2/catalog")).Body.ToJsonString());
        _shown.Add(
            (
                await Stack.Platform.TryBindAsync(tenant.Instance, Guid.NewGuid().ToString(), Platform.SpacePlan, false, "x")
            ).Body.ToJsonString()
        );
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", Stack.Configuration.Secret("aiven-token"));
        _shown.Add(await (await http.GetAsync(Stack.Configuration.BrokerUrl(0) + "/feed/v1/targets")).Content.ReadAsStringAsync());

        await AivenTellsSecretsAsync();
        var instance = await Stack.Platform.ProvisionAsync(SeededServices.Website.OrganizationId, SeededServices.Website.Id);
        var binding = Guid.NewGuid().ToString();
        var bound = await Stack.Platform.TryBindAsync(instance, binding, acceptsIncomplete: true);
        Assert.True(bound.Status is HttpStatusCode.Accepted or HttpStatusCode.Created, $"{bound.Status}");
        await Stack.WaitUntilAsync("the bind succeeds", async () =>
            await Stack.Platform.LastOperationAsync(instance, binding) == "succeeded"
        );
        await Stack.Platform.UnbindAsync(instance, binding);
    }

    /// <summary>Lets Aiven repeat the token and the endpoint's password in its errors, and fail in other ways.</summary>
    private async Task AivenTellsSecretsAsync()
    {
        const string endpoints = "/v1/project/demo/integration_endpoint";
        var password = (await File.ReadAllTextAsync(Stack.Folder.Path("prometheus", "secrets", "demo.password"))).Trim();
        await Stack.Simulator.FaultAsync(
            new JsonObject
            {
                ["method"] = "POST",
                ["path"] = endpoints,
                ["status"] = 400,
                ["message"] =
                    $"Invalid user_config: {{\"basic_auth_password\": \"{password}\"}} from {Stack.Configuration.Secret("aiven-token")}",
                ["count"] = 2,
            }
        );
        // Somebody deletes our endpoint: the broker makes it again, with the password that Prometheus already has.
        var ours = (await Stack.Simulator.AivenAsync(HttpMethod.Get, endpoints["/v1".Length..]))["service_integration_endpoints"]!
            .AsArray()
            .Single()!;
        await Stack.Simulator.AivenAsync(HttpMethod.Delete, $"{endpoints["/v1".Length..]}/{ours["endpoint_id"]!.GetValue<string>()}");
        await Stack.WaitUntilAsync("the endpoint is there again", async () =>
            await Stack.Simulator.CallsAsync("POST", endpoints, 400) == 2 && await Stack.Simulator.CallsAsync("POST", endpoints, 200) == 2
        );

        foreach (
            var fault in (JsonObject[])
                [
                    new()
                    {
                        ["path"] = "*",
                        ["status"] = 403,
                        ["message"] = $"The token {Stack.Configuration.Secret("aiven-token")} is wrong",
                        ["count"] = 3,
                    },
                    new()
                    {
                        ["path"] = "*",
                        ["status"] = 502,
                        ["body"] = "html",
                        ["count"] = 3,
                    },
                    new()
                    {
                        ["path"] = "*",
                        ["reset"] = true,
                        ["count"] = 3,
                    },
                    new()
                    {
                        ["path"] = "*",
                        ["delay_seconds"] = 3,
                        ["count"] = 2,
                    },
                ]
        )
        {
            await Stack.Simulator.FaultAsync(fault);
        }
    }

    /// <summary>Collects everything that is visible without a secret: metrics, Prometheus' pages, command lines.</summary>
    private async Task LookAsync()
    {
        using var http = new HttpClient();
        foreach (
            var url in (string[])
                [
                    Stack.Configuration.BrokerInternalUrl(0) + "/metrics",
                    Stack.Configuration.GatewayInternalUrl + "/metrics",
                    Stack.Configuration.DiscoveryInternalUrl + "/metrics",
                    Stack.Configuration.SimulatorInternalUrl + "/metrics",
                    Stack.Configuration.BrokerInternalUrl(0) + "/readyz",
                    Stack.Configuration.GatewayInternalUrl + "/readyz",
                    Stack.Configuration.DiscoveryInternalUrl + "/readyz",
                    Stack.Configuration.PrometheusUrl(0) + "/api/v1/status/config",
                    Stack.Configuration.PrometheusUrl(1) + "/api/v1/status/config",
                    Stack.Configuration.PrometheusUrl(0) + "/api/v1/targets",
                    Stack.Configuration.PrometheusUrl(0) + "/api/v1/status/flags",
                    Stack.Configuration.PrometheusUrl(0) + "/metrics",
                ]
        )
        {
            using var response = await http.GetAsync(url);
            _shown.Add($"{url}\n{await response.Content.ReadAsStringAsync()}");
        }

        foreach ((var role, var id) in Stack.ProcessIds)
        {
            var arguments = await File.ReadAllTextAsync($"/proc/{id}/cmdline");
            Assert.NotEmpty(arguments);
            _shown.Add($"command line of {role}\n{arguments}");
        }
    }

    /// <summary>Returns every secret in each of its forms: plain, in a Basic header, in a URL and in JSON.</summary>
    private Dictionary<string, string> Secrets(params Credentials[] tenants)
    {
        var scrapePassword = File.ReadAllText(Stack.Folder.Path("prometheus", "secrets", "demo.password")).Trim();
        var scrapeUser = ScrapeUser().Match(File.ReadAllText(Stack.Folder.Path("prometheus", "scrape_configs.yml"))).Groups[1].Value;
        Assert.NotEmpty(scrapeUser);
        List<(string Name, string User, string Password)> all =
        [
            ("the Aiven token", "", Stack.Configuration.Secret("aiven-token")),
            ("the platform's password", "platform", Stack.Configuration.Secret("broker-password")),
            ("discovery's token", "", Stack.Configuration.Secret("feed-discovery")),
            ("the gateway's token", "", Stack.Configuration.Secret("feed-gateway")),
            ("the encryption key", "", Stack.Configuration.Secret("encryption-key")),
            ("the scrape password", scrapeUser, scrapePassword),
            .. tenants.Select(tenant => ($"the password of {tenant.Username}", tenant.Username, tenant.Password)),
        ];
        Dictionary<string, string> forms = [];
        foreach ((var name, var user, var password) in all)
        {
            Assert.True(password.Length >= 16, $"{name} is too short to be searched for.");
            forms[name] = password;
            forms[name + ", escaped for a URL"] = Uri.EscapeDataString(password);
            forms[name + ", escaped for JSON"] = JsonValue.Create(password).ToJsonString().Trim('"');
            forms[name + ", in base64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(password)).TrimEnd('=');
            forms[name + ", in a Basic header"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")).TrimEnd('=');
        }

        return forms;
    }

    /// <summary>Returns every file of the run except those whose purpose is to hold secrets.</summary>
    private Dictionary<string, byte[]> Written() =>
        Directory
            .EnumerateFiles(Stack.Folder.Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Stack.Folder.Root, path))
            .Where(name =>
                !name.StartsWith("secrets/", StringComparison.Ordinal)
                && name is not ("prometheus/secrets/demo.password" or "prometheus/last-good/feed.json")
            )
            .ToDictionary(name => name, name => ReadLocked(Stack.Folder.Path(name)));

    // File.ReadAllBytes respects the locks of the programs that still run; cat does not.
    private static byte[] ReadLocked(string path)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [path]) { RedirectStandardOutput = true })!;
        using var content = new MemoryStream();
        cat.StandardOutput.BaseStream.CopyTo(content);
        cat.WaitForExit();
        Assert.Equal(0, cat.ExitCode);
        return content.ToArray();
    }

    private static bool Holds(byte[] content, string secret) => content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) >= 0;

    [GeneratedRegex("username: '?([^'\n]+)")]
    private static partial Regex ScrapeUser();
}
