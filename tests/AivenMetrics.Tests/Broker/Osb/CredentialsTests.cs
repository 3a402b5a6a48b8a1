using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AivenMetrics.Broker.Osb;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>The content of credentials, and places that must not contain their secrets.</summary>
public abstract class CredentialsTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : CredentialsTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : CredentialsTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => broker.InitializeAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return broker.DisposeAsync();
    }

    [Fact]
    public async Task A_space_credential_contains_URLs_credentials_and_scope()
    {
        await broker
            .Service<ReportedValueStore>()
            .ReportAsync(ReportedValueStore.PrometheusVersion, "2.42.0", DateTimeOffset.UtcNow, default);

        var credentials = await BindAsync(BrokerHost.SpacePlan);

        var (user, password) = (Text(credentials, "username"), Text(credentials, "password"));
        Assert.Matches("^m-[0-9a-f]{16}$", user);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", password);
        Assert.Equal($"https://{user}:{password}@metrics.example.com", Text(credentials, "uri"));
        Assert.Equal($"{user}:{password}", Encoding.UTF8.GetString(Base64Url.DecodeFromChars(Text(credentials, "bearer_token"))));
        Assert.Equal("2.42.0", Text(credentials, "prometheus_version"));
        Assert.Equal(
            "Every Aiven service of the space Space One, present and future.",
            Text(credentials.GetProperty("scope"), "description")
        );
        Assert.Equal(
            """[{"name":"organization_id","type":"=","value":"org-1"},{"name":"space_id","type":"=","value":"space-1"}]""",
            credentials.GetProperty("scope").GetProperty("matchers").GetRawText()
        );
        Assert.Equal(
            """
            [{"name":"kafka-1","type":"pg","state":"RUNNING","metrics":"Metrics are collected."},
            {"name":"pg-1","type":"pg","state":"RUNNING","metrics":"Metrics are collected."}]
            """.ReplaceLineEndings(""),
            credentials.GetProperty("services").GetRawText()
        );
        Assert.Equal(
            $"""
            apiVersion: 1
            datasources:
              - name: "Aiven metrics (my-metrics)"
                type: prometheus
                access: proxy
                url: "https://metrics.example.com"
                basicAuth: true
                basicAuthUser: "{user}"
                jsonData:
                  httpMethod: POST
                  prometheusType: Prometheus
                  prometheusVersion: "2.42.0"
                secureJsonData:
                  basicAuthPassword: "{password}"

            """,
            Text(credentials, "grafana_datasource")
        );
    }

    [Fact]
    public async Task A_services_credential_contains_only_the_named_services_and_no_unknown_version()
    {
        var credentials = await BindAsync(BrokerHost.ServicesPlan, "pg-1");

        Assert.Equal("The Aiven service pg-1.", Text(credentials.GetProperty("scope"), "description"));
        Assert.Equal("pg-1", Text(Assert.Single(credentials.GetProperty("services").EnumerateArray()), "name"));
        Assert.False(credentials.TryGetProperty("prometheus_version", out _));
        Assert.DoesNotContain("prometheusVersion", Text(credentials, "grafana_datasource"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_holds_the_hash_and_a_ciphertext_of_the_password_and_never_the_password()
    {
        var credentials = await BindAsync(BrokerHost.SpacePlan);
        var password = Text(credentials, "password");

        var row = Assert.Single(await broker.Service<BindingStore>().LiveCredentialsAsync(default));

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password))), row.SecretSha256);
        var stored = await StoredRows.AllAsync(broker.Service<Database>());
        Assert.NotEmpty(stored["service_binding"]);
        Assert.DoesNotContain(stored.Values.SelectMany(rows => rows), text => text.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_secret_is_in_any_log_line_or_refusal()
    {
        var path = $"{await broker.InstanceAsync()}/service_bindings/b";
        var password = Text((await broker.PutAsync(path, BrokerHost.Bind())).Json.GetProperty("credentials"), "password");
        var other = BrokerHost.Bind();
        other["app_guid"] = "app-2";
        other["bind_resource"]!["app_guid"] = "app-2";
        BrokerResponse[] refusals =
        [
            await broker.PutAsync(path, other),
            await broker.PutAsync(path, BrokerHost.Bind(BrokerHost.ServicesPlan, "x")),
            await broker.GetAsync(path + "/nothing"),
            await broker.DeleteAsync(path),
        ];
        using var stranger = broker.NewClient(password: "guessed-password-Hk2");
        await stranger.GetAsync("/v2/catalog");
        await broker.GetAsync(path);
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        string[] secrets =
        [
            password,
            BrokerHost.Password,
            "aiven-token-Xy9",
            "guessed-password-Hk2",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"broker:{BrokerHost.Password}")),
        ];
        Assert.Contains(broker.Log, line => line.Contains("Rejected", StringComparison.Ordinal));
        Assert.DoesNotContain(broker.Log, line => secrets.Any(secret => line.Contains(secret, StringComparison.Ordinal)));
        Assert.All(refusals, refusal => Assert.DoesNotContain(secrets, secret => refusal.Text.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_failing_database_is_503_and_a_missing_key_is_500_without_any_detail()
    {
        var path = $"{await broker.InstanceAsync()}/service_bindings/b";
        await broker.PutAsync(path, BrokerHost.Bind());
        await broker.StopAsync();
        broker.Options.EncryptionKeys[0].Id = "another";
        await broker.StartAsync();

        var withoutKey = await broker.GetAsync(path);
        await broker.Service<Database>().ExecuteAsync("DROP TABLE service_binding_service", null, default);
        var withoutTable = await broker.GetAsync(path);

        Assert.Equal((500, OsbErrors.InternalError.Description), (withoutKey.Status, withoutKey.Description));
        Assert.Contains(broker.Log, line => line.Contains("'k1'", StringComparison.Ordinal));
        Assert.Equal((503, OsbErrors.DatabaseUnavailable.Description), (withoutTable.Status, withoutTable.Description));
        Assert.Equal(TimeSpan.FromSeconds(10), withoutTable.Response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public void A_name_is_escaped_in_the_Grafana_file()
    {
        var yaml = GrafanaDatasource.Yaml("a\"b\\c\n$HOME\u2028é😀\u0000", "https://x", "u", "p", null);

        Assert.Contains("- name: \"a\\\"b\\\\c\\n$$HOME\\u2028é😀\\u0000\"\n", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Printed_credentials_show_no_password()
    {
        var credentials = new Credentials("u", "user", "hidden", "https://user:hidden@x", new CredentialScope("", []), [], "hidden", null);

        Assert.DoesNotContain("hidden", credentials.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", new BindingResponse(null, credentials, null, []).ToString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement> BindAsync(string plan, params string[] services)
    {
        var answer = await broker.PutAsync($"{await broker.InstanceAsync(plan)}/service_bindings/b", BrokerHost.Bind(plan, services));
        Assert.Equal(201, answer.Status);
        return answer.Json.GetProperty("credentials");
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
