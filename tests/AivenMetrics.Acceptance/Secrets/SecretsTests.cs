using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Secrets;

/// <summary>Everything, logging all that it can.</summary>
public sealed class TalkativeProduct : StackFixture
{
    private protected override StackOptions Options => new() { Prometheus = 2, LogLevel = "Trace", Aiven = new JsonObject { ["TryTimeout"] = "00:00:02" } };
}

/// <summary>A full run with all that can go wrong in it; then everything that it wrote or shows is searched for every secret.</summary>
public sealed partial class SecretsTests(TalkativeProduct stack) : IClassFixture<TalkativeProduct>
{
    private readonly List<string> shown = [];

    private Stack Stack => stack.Stack;

    [Fact]
    public async Task No_secret_is_in_any_file_log_command_line_metric_or_error()
    {
        using Tenant forecast = await Tenant.Order(Stack, Seed.Forecast);
        using Tenant beacons = await Tenant.Order(Stack, Seed.Beacons);
        await forecast.UntilAllAreUp();
        await GoWrong(forecast);
        await Stack.Kill("broker");
        await Stack.Restart("broker");
        await Stack.Stop("gateway");
        await Stack.Restart("gateway");
        await Look();

        Dictionary<string, string> secrets = Secrets(forecast.Credentials, beacons.Credentials);
        Dictionary<string, byte[]> written = Written();
        Assert.Contains(written.Keys, name => name.Contains("logs/broker", StringComparison.Ordinal));
        Assert.Contains(written.Keys, name => name.EndsWith("broker.db", StringComparison.Ordinal));
        Assert.Contains(written.Keys, name => name.Contains("/wal/", StringComparison.Ordinal));
        List<string> leaks = [];
        foreach ((string name, string secret) in secrets)
        {
            leaks.AddRange(written.Where(file => Holds(file.Value, secret)).Select(file => $"{name} is in {file.Key}"));
            leaks.AddRange(shown.Where(text => Holds(Encoding.UTF8.GetBytes(text), secret)).Select(text => $"{name} is in {text[..Math.Min(200, text.Length)]}"));
        }

        Assert.Empty(leaks);
    }

    [Fact]
    public async Task Files_that_must_hold_secrets_are_for_their_owner_and_its_Prometheus_alone()
    {
        using Tenant _ = await Tenant.Order(Stack, Seed.Website);
        const UnixFileMode others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

        foreach (string path in (string[])["prometheus/secrets/demo.password", "prometheus/last-good/feed.json", "gateway/credentials.json", "broker.db"])
        {
            string file = Stack.Folder.Path(path.Split('/'));
            await Stack.Until($"{path} is written", () => Task.FromResult(File.Exists(file)));
            Assert.True((File.GetUnixFileMode(file) & others) == 0, $"{path} has mode {File.GetUnixFileMode(file)}");
        }
    }

    /// <summary>Every kind of failure that a log might want to explain with more than it should.</summary>
    private async Task GoWrong(Tenant tenant)
    {
        foreach (string path in (string[])["/api/v1/query?query=sum(up", "/api/v1/query?query=up&query=up", "/api/v1/status/config", "/nothing", "/api/v1/label/1x/values"])
        {
            shown.Add((await tenant.Query.Get(path)).Text);
        }

        // A password in the wrong place: as the user name, in the URL, in the query, as a bearer token.
        using var swapped = new QueryClient(Stack.At.GatewayUrl, tenant.Credentials.Password, tenant.Credentials.Username);
        shown.Add((await swapped.Get("/api/v1/query?query=up")).Text);
        using var bearer = new QueryClient(Stack.At.GatewayUrl);
        shown.Add((await bearer.Send(HttpMethod.Get, "/api/v1/query?query=up", null, ("Authorization", "Bearer " + tenant.Credentials.Password))).Text);
        await bearer.Get($"/api/v1/query?query=up&password={Uri.EscapeDataString(tenant.Credentials.Password)}");
        using var stranger = new Platform(Stack.At.BrokerUrl(0), Stack.At.Secret("broker-password"), "platform");
        shown.Add((await stranger.Send(HttpMethod.Get, "/v2/catalog")).Body.ToJsonString());
        shown.Add((await Stack.Platform.TryBind(tenant.Instance, Guid.NewGuid().ToString(), Platform.SpacePlan, false, "x")).Body.ToJsonString());
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", Stack.At.Secret("aiven-token"));
        shown.Add(await (await http.GetAsync(Stack.At.BrokerUrl(0) + "/feed/v1/targets")).Content.ReadAsStringAsync());

        await AivenTellsSecrets();
        string instance = await Stack.Platform.Provision(Seed.Website.OrganizationId, Seed.Website.Id);
        string binding = Guid.NewGuid().ToString();
        OsbAnswer bound = await Stack.Platform.TryBind(instance, binding, acceptsIncomplete: true);
        Assert.True(bound.Status is HttpStatusCode.Accepted or HttpStatusCode.Created, $"{bound.Status}");
        await Stack.Until("the bind succeeds", async () => await Stack.Platform.LastOperation(instance, binding) == "succeeded");
        await Stack.Platform.Unbind(instance, binding);
    }

    /// <summary>Aiven repeats in its errors what it was sent, our token and the endpoint's password, and breaks in other ways.</summary>
    private async Task AivenTellsSecrets()
    {
        const string endpoints = "/v1/project/demo/integration_endpoint";
        string password = (await File.ReadAllTextAsync(Stack.Folder.Path("prometheus", "secrets", "demo.password"))).Trim();
        await Stack.Simulator.Fault(new JsonObject
        {
            ["method"] = "POST",
            ["path"] = endpoints,
            ["status"] = 400,
            ["message"] = $"Invalid user_config: {{\"basic_auth_password\": \"{password}\"}} from {Stack.At.Secret("aiven-token")}",
            ["count"] = 2,
        });
        // Somebody deletes our endpoint: the broker makes it again, with the password that Prometheus already has.
        JsonNode ours = (await Stack.Simulator.Aiven(HttpMethod.Get, endpoints["/v1".Length..]))["service_integration_endpoints"]!.AsArray().Single()!;
        await Stack.Simulator.Aiven(HttpMethod.Delete, $"{endpoints["/v1".Length..]}/{ours["endpoint_id"]!.GetValue<string>()}");
        await Stack.Until("the endpoint is there again", async () => await Stack.Simulator.Calls("POST", endpoints, 400) == 2 && await Stack.Simulator.Calls("POST", endpoints, 200) == 2);

        foreach (JsonObject fault in (JsonObject[])
        [
            new() { ["path"] = "*", ["status"] = 403, ["message"] = $"The token {Stack.At.Secret("aiven-token")} is wrong", ["count"] = 3 },
            new() { ["path"] = "*", ["status"] = 502, ["body"] = "html", ["count"] = 3 },
            new() { ["path"] = "*", ["reset"] = true, ["count"] = 3 },
            new() { ["path"] = "*", ["delay_seconds"] = 3, ["count"] = 2 },
        ])
        {
            await Stack.Simulator.Fault(fault);
        }
    }

    /// <summary>All that is shown to whoever may look: metrics, Prometheus' pages, command lines.</summary>
    private async Task Look()
    {
        using var http = new HttpClient();
        foreach (string url in (string[])
        [
            Stack.At.BrokerInternalUrl(0) + "/metrics", Stack.At.GatewayInternalUrl + "/metrics", Stack.At.DiscoveryInternalUrl + "/metrics",
            Stack.At.SimulatorInternalUrl + "/metrics", Stack.At.BrokerInternalUrl(0) + "/readyz", Stack.At.GatewayInternalUrl + "/readyz", Stack.At.DiscoveryInternalUrl + "/readyz",
            Stack.At.PrometheusUrl(0) + "/api/v1/status/config", Stack.At.PrometheusUrl(1) + "/api/v1/status/config", Stack.At.PrometheusUrl(0) + "/api/v1/targets",
            Stack.At.PrometheusUrl(0) + "/api/v1/status/flags", Stack.At.PrometheusUrl(0) + "/metrics",
        ])
        {
            using HttpResponseMessage response = await http.GetAsync(url);
            shown.Add($"{url}\n{await response.Content.ReadAsStringAsync()}");
        }

        foreach ((string role, int id) in Stack.ProcessIds)
        {
            string arguments = await File.ReadAllTextAsync($"/proc/{id}/cmdline");
            Assert.NotEmpty(arguments);
            shown.Add($"command line of {role}\n{arguments}");
        }
    }

    /// <summary>Every secret, also as it looks in a Basic header, in a URL and in JSON.</summary>
    private Dictionary<string, string> Secrets(params Credentials[] tenants)
    {
        string scrapePassword = File.ReadAllText(Stack.Folder.Path("prometheus", "secrets", "demo.password")).Trim();
        string scrapeUser = ScrapeUser().Match(File.ReadAllText(Stack.Folder.Path("prometheus", "scrape_configs.yml"))).Groups[1].Value;
        Assert.NotEmpty(scrapeUser);
        List<(string Name, string User, string Password)> all =
        [
            ("the Aiven token", "", Stack.At.Secret("aiven-token")), ("the platform's password", "platform", Stack.At.Secret("broker-password")),
            ("discovery's token", "", Stack.At.Secret("feed-discovery")), ("the gateway's token", "", Stack.At.Secret("feed-gateway")),
            ("the encryption key", "", Stack.At.Secret("encryption-key")), ("the scrape password", scrapeUser, scrapePassword),
            .. tenants.Select(tenant => ($"the password of {tenant.Username}", tenant.Username, tenant.Password)),
        ];
        Dictionary<string, string> forms = [];
        foreach ((string name, string user, string password) in all)
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

    /// <summary>Every file of the run but those that are there to hold secrets.</summary>
    private Dictionary<string, byte[]> Written() =>
        Directory.EnumerateFiles(Stack.Folder.Root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Stack.Folder.Root, path))
            .Where(name => !name.StartsWith("secrets/", StringComparison.Ordinal) && name is not ("prometheus/secrets/demo.password" or "prometheus/last-good/feed.json"))
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
