using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AivenMetrics.Broker.Feed;
using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using AivenMetrics.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Tests.Broker.Feed;

/// <summary>The feeds over HTTP, with SQLite.</summary>
public sealed class FeedTests : IAsyncLifetime
{
    private const string Discovery = "discovery-token-0123456789";
    private const string Gateway = "gateway-token-0123456789ab";
    private static readonly AivenProject Demo = new("demo");
    private static readonly OwningSpace Owner = new("org-1", "space-1");

    private readonly string _folder = Directory.CreateTempSubdirectory("aiven-metrics-").FullName;
    private readonly SecretProtector _secrets = new([new EncryptionKey("k1", new byte[32])]);
    private WebApplication _app = null!;
    private HttpClient _http = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private InventoryStore Inventory => _app.Services.GetRequiredService<InventoryStore>();

    private StateSignals Signals => _app.Services.GetRequiredService<StateSignals>();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddState($"Data Source={Path.Combine(_folder, "state.db")}", [new EncryptionKey("k1", new byte[32])]);
        builder.Services.AddFeed(new FeedOptions { DiscoveryToken = Discovery, GatewayToken = Gateway }, ["zeta", "demo"]);
        _app = builder.Build();
        _app.MapFeed();
        await _app.Services.GetRequiredService<Database>().MigrateAsync(null, Ct);
        await _app.StartAsync(Ct);
        _http = new HttpClient
        {
            BaseAddress = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()),
        };
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_project_without_an_inventory_is_listed_and_not_ready()
    {
        var feed = await TargetsAsync();
        Assert.Equal(["demo", "zeta"], feed.Projects.Select(project => project.Project));
        Assert.All(feed.Projects, project =>
            Assert.Equal((false, null, null, 0), (project.Ready, project.CaCertificate, project.ScrapeCredentials, project.Services.Count))
        );
    }

    [Fact]
    public async Task A_ready_project_has_its_credentials_and_the_services_to_scrape_with_their_labels()
    {
        await InstanceAsync("i1", PlanScope.Space);
        await SaveProjectAsync();
        await Inventory.SaveInventoryAsync(
            Demo,
            DateTimeOffset.UnixEpoch,
            [
                Service("pg-2"),
                Service("pg-1"),
                Service("off") with
                {
                    IsScraped = false,
                },
                Service("untagged") with
                {
                    Owner = null,
                    ServiceInstanceId = null,
                },
            ],
            Ct
        );
        var project = (await TargetsAsync()).Projects[0];
        Assert.True(project.Ready);
        Assert.Equal(("PEM", new ScrapeCredentials("prom-user", "scrape-password")), (project.CaCertificate, project.ScrapeCredentials));
        Assert.Equal(["pg-1", "pg-2", "untagged"], project.Services.Select(service => service.ServiceName));
        Assert.Equal(
            [new ScrapeHost("a.example", 9273, "/metrics"), new ScrapeHost("b.example", 9273, "/metrics")],
            project.Services[0].Hosts
        );
        Assert.Equal(
            "aiven_cloud=aws-eu-west-2 aiven_node_count=2 aiven_plan=business-4 aiven_project=demo aiven_service_name=pg-1 "
                + "aiven_service_type=pg "
                + "organization_id=org-1 organization_name=tides service_instance_id=guid-pg-1 space_id=space-1 space_name=forecast",
            string.Join(
                ' ',
                project.Services[0].Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}")
            )
        );
        Assert.DoesNotContain("space_id", project.Services[2].Labels.Keys);
    }

    [Fact]
    public async Task A_project_whose_key_is_missing_is_not_ready_and_does_not_affect_others()
    {
        await SaveProjectAsync(new("nonsense", "k9"));
        Assert.All((await TargetsAsync()).Projects, project => Assert.False(project.Ready));
    }

    [Fact]
    public async Task Credentials_carry_hashes_and_scopes()
    {
        await InstanceAsync("i1", PlanScope.Space);
        await InstanceAsync("i2", PlanScope.Services);
        await BindingAsync("i1", "b1", "user-b");
        await BindingAsync("i2", "b1", "user-a", "guid.1", "a(b|c)");
        using var response = await GetAsync("/feed/v1/credentials", Gateway);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.DoesNotContain("tenant-password", text, StringComparison.Ordinal);
        var feed = JsonSerializer.Deserialize(text, FeedJson.Default.CredentialFeed)!;
        Assert.Equal(["user-a", "user-b"], feed.Credentials.Select(credential => credential.Username));
        ScopeMatcher[] owner = [new("organization_id", "=", "org-1"), new("space_id", "=", "space-1")];
        Assert.Equal(["services", "space"], feed.Credentials.Select(credential => credential.Plan));
        Assert.Equal([.. owner, new("service_instance_id", "=~", @"a\(b\|c\)|guid\.1")], feed.Credentials[0].Matchers);
        Assert.Equal(owner, feed.Credentials[1].Matchers);
    }

    [Fact]
    public void A_credential_that_covers_nothing_has_no_matcher() =>
        Assert.Empty(CredentialFeedReader.MatchersOf(new("user", "00", PlanScope.Services, Owner, [])));

    [Fact]
    public async Task The_same_state_has_the_same_tag_and_is_not_sent_again()
    {
        using var first = await GetAsync("/feed/v1/targets", Discovery);
        Assert.False(first.Headers.ETag!.IsWeak);
        using var second = await GetAsync("/feed/v1/targets", Discovery, first.Headers.ETag.Tag);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Ct));
        using var other = await GetAsync("/feed/v1/targets", Discovery, "\"other\"", wait: 60);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_waiting_reader_gets_the_change_as_soon_as_it_is_signalled()
    {
        using var first = await GetAsync("/feed/v1/targets", Discovery);
        var began = Stopwatch.GetTimestamp();
        var waiting = GetAsync("/feed/v1/targets", Discovery, first.Headers.ETag!.Tag, wait: 30);
        await Task.Delay(200, Ct);
        Assert.False(waiting.IsCompleted);
        await SaveProjectAsync();
        Signals.ObservedStateChanged.Notify();
        using var second = await waiting;
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.NotEqual(first.Headers.ETag, second.Headers.ETag);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.2, 15);
    }

    [Fact]
    public async Task A_waiting_reader_gets_a_change_that_another_broker_made_without_any_signal()
    {
        using var first = await GetAsync("/feed/v1/credentials", Gateway);
        var waiting = GetAsync("/feed/v1/credentials", Gateway, first.Headers.ETag!.Tag, wait: 30);
        await Task.Delay(200, Ct);
        await InstanceAsync("i1", PlanScope.Space);
        await BindingAsync("i1", "b1", "user-1");
        using var second = await waiting;
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
    }

    [Fact]
    public async Task A_signal_without_a_change_is_ignored_and_the_wait_ends_with_304()
    {
        using var first = await GetAsync("/feed/v1/credentials", Gateway);
        var began = Stopwatch.GetTimestamp();
        var waiting = GetAsync("/feed/v1/credentials", Gateway, first.Headers.ETag!.Tag, wait: 1);
        Signals.CredentialsChanged.Notify();
        using var second = await waiting;
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 15);
    }

    [Theory]
    [InlineData("/feed/v1/targets", null, HttpStatusCode.Unauthorized)]
    [InlineData("/feed/v1/targets", "", HttpStatusCode.Unauthorized)]
    [InlineData("/feed/v1/targets", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/feed/v1/targets", Gateway, HttpStatusCode.Forbidden)]
    [InlineData("/feed/v1/credentials", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/feed/v1/credentials", Discovery, HttpStatusCode.Forbidden)]
    public async Task A_feed_accepts_only_its_own_token(string path, string? token, HttpStatusCode status)
    {
        using var response = await GetAsync(path, token);
        Assert.Equal(status, response.StatusCode);
        var error = await response.Content.ReadFromJsonAsync<Dictionary<string, string>>(Ct);
        Assert.Equal(["description", "error"], error!.Keys.Order());
    }

    [Theory]
    [InlineData("2.42.0", "2.42.0")]
    [InlineData("3.0.0-rc.1", "3.0.0-rc.1")]
    [InlineData("2.42", null)]
    [InlineData("<script>", null)]
    public async Task A_valid_version_that_a_gateway_reports_is_stored(string reported, string? kept)
    {
        using var response = await GetAsync("/feed/v1/credentials", Gateway, version: reported);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(
            kept,
            await _app.Services.GetRequiredService<ReportedValueStore>().FindAsync(ReportedValueStore.PrometheusVersion, Ct)
        );
    }

    [Fact]
    public async Task An_expiring_credential_has_its_expiry_time()
    {
        var end = new DateTimeOffset(2026, 12, 24, 0, 0, 0, TimeSpan.Zero);
        await InstanceAsync("i1", PlanScope.Space);
        await BindingAsync("i1", "b1", "user-1", new CredentialValidity(end, end.AddDays(-7)));
        using var response = await GetAsync("/feed/v1/credentials", Gateway);
        var feed = await response.Content.ReadFromJsonAsync(FeedJson.Default.CredentialFeed, Ct);
        Assert.Equal(end, Assert.Single(feed!.Credentials).NotAfter);
    }

    [Fact]
    public async Task A_version_counts_as_accepted_once_the_gateway_sends_its_tag()
    {
        var gateways = _app.Services.GetRequiredService<GatewayStore>();
        await InstanceAsync("i1", PlanScope.Space);
        await BindingAsync("i1", "b1", "user-1");
        var visible = await gateways.NowAsync(Ct);

        using var first = await GetAsync("/feed/v1/credentials", Gateway, gateway: "gateway-0123");
        Assert.Equal(new AcknowledgementCount(1, 0), GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), visible));
        using var unknown = await GetAsync("/feed/v1/credentials", Gateway, "\"other\"", gateway: "gateway-0123");
        Assert.Equal(new AcknowledgementCount(1, 0), GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), visible));
        using var second = await GetAsync("/feed/v1/credentials", Gateway, first.Headers.ETag!.Tag, gateway: "gateway-0123");
        Assert.Equal(new AcknowledgementCount(1, 1), GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), visible));
    }

    [Fact]
    public async Task A_version_is_accepted_even_if_a_newer_one_exists()
    {
        var gateways = _app.Services.GetRequiredService<GatewayStore>();
        await InstanceAsync("i1", PlanScope.Space);
        await BindingAsync("i1", "b1", "user-1");
        var visible = await gateways.NowAsync(Ct);
        using var first = await GetAsync("/feed/v1/credentials", Gateway);
        await BindingAsync("i1", "b2", "user-2");
        Signals.CredentialsChanged.Notify();
        var later = await gateways.NowAsync(Ct);

        using var second = await GetAsync("/feed/v1/credentials", Gateway, first.Headers.ETag!.Tag, gateway: "gateway-0123");

        Assert.NotEqual(first.Headers.ETag, second.Headers.ETag);
        Assert.True(GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), visible).IsComplete);
        Assert.False(GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), later).IsComplete);
    }

    [Fact]
    public async Task A_waiting_gateway_counts_as_having_accepted_an_equal_version_that_is_read_meanwhile()
    {
        var gateways = _app.Services.GetRequiredService<GatewayStore>();
        using var first = await GetAsync("/feed/v1/credentials", Gateway);
        var waiting = GetAsync("/feed/v1/credentials", Gateway, first.Headers.ETag!.Tag, wait: 5, gateway: "gateway-0123");
        await Task.Delay(200, Ct);
        var (polled, seen, began) = (await gateways.NowAsync(Ct), Signals.GatewayAcknowledged.Version, Stopwatch.GetTimestamp());

        Signals.CredentialsChanged.Notify();

        await Signals.GatewayAcknowledged.WaitAsync(seen, TimeSpan.FromSeconds(5), Ct);
        Assert.True(GatewayStore.CountSince(await gateways.AcknowledgementTimesAsync(Ct), polled).IsComplete);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0, 1.2);
        using var end = await waiting;
        Assert.Equal(HttpStatusCode.NotModified, end.StatusCode);
    }

    [Theory]
    [InlineData("/feed/v1/targets", Discovery, "gateway-0123")]
    [InlineData("/feed/v1/credentials", Discovery, "gateway-0123")]
    [InlineData("/feed/v1/credentials", Gateway, null)]
    [InlineData("/feed/v1/credentials", Gateway, "short")]
    [InlineData("/feed/v1/credentials", Gateway, "no id at all")]
    public async Task Other_requests_do_not_count_as_those_of_a_gateway(string path, string token, string? gateway)
    {
        using var response = await GetAsync(path, token, gateway: gateway);
        Assert.Empty(await _app.Services.GetRequiredService<GatewayStore>().AcknowledgementTimesAsync(Ct));
    }

    [Fact]
    public async Task Without_its_database_a_feed_is_503_with_a_retry_time()
    {
        File.Delete(Path.Combine(_folder, "state.db"));
        foreach (var file in Directory.GetFiles(_folder))
        {
            File.Delete(file);
        }
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        using var response = await GetAsync("/feed/v1/targets", Discovery);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Fact]
    public void Missing_and_equal_tokens_are_errors()
    {
        Assert.Equal(2, new FeedOptions().Validate().Count(fault => fault.Contains("is missing", StringComparison.Ordinal)));
        Assert.Contains(new FeedOptions { DiscoveryToken = Discovery, GatewayToken = Discovery }.Validate(), fault =>
            fault.Contains("are the same", StringComparison.Ordinal)
        );
        Assert.Empty(new FeedOptions { DiscoveryToken = Discovery, GatewayToken = Gateway }.Validate());
    }

    private async Task<TargetFeed> TargetsAsync()
    {
        using var response = await GetAsync("/feed/v1/targets", Discovery);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync(FeedJson.Default.TargetFeed, Ct))!;
    }

    private async Task<HttpResponseMessage> GetAsync(
        string path,
        string? token,
        string? tag = null,
        int? wait = null,
        string? version = null,
        string? gateway = null
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        }
        if (tag is not null)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        }
        if (wait is not null)
        {
            request.Headers.TryAddWithoutValidation("Prefer", $"respond-async, wait={wait}");
        }
        if (version is not null)
        {
            request.Headers.TryAddWithoutValidation("X-AivenMetrics-Prometheus-Version", version);
        }
        if (gateway is not null)
        {
            request.Headers.TryAddWithoutValidation("X-AivenMetrics-Gateway", gateway);
        }
        return await _http.SendAsync(request, Ct);
    }

    private Task SaveProjectAsync(ProtectedSecret? password = null) =>
        Inventory.SaveProjectAsync(
            new(
                Demo,
                "PEM",
                "e1",
                "prom-user",
                password ?? _secrets.Protect("scrape-password", SecretProtector.ScrapePasswordPurpose),
                DateTimeOffset.UnixEpoch
            ),
            Ct
        );

    private async Task InstanceAsync(string id, PlanScope scope) =>
        Assert.True(
            await _app
                .Services.GetRequiredService<InstanceStore>()
                .TryInsertAsync(
                    new(new(id), "offering", "plan", scope, Owner, "tides", "forecast", null, "{}", DateTimeOffset.UnixEpoch),
                    Ct
                )
        );

    private Task BindingAsync(string instance, string id, string user, params string[] services) =>
        BindingAsync(instance, id, user, null, services);

    private async Task BindingAsync(string instance, string id, string user, CredentialValidity? life, params string[] services) =>
        Assert.Equal(
            InsertBindingResult.Inserted,
            await _app
                .Services.GetRequiredService<BindingStore>()
                .TryInsertAsync(
                    new(
                        new(instance),
                        new(id),
                        "plan",
                        services.Length == 0 ? PlanScope.Space : PlanScope.Services,
                        "{}",
                        user,
                        "abcd",
                        _secrets.Protect("tenant-password", SecretProtector.BindingSecretPurpose),
                        services,
                        "op",
                        OperationState.Succeeded,
                        "done",
                        null,
                        DateTimeOffset.UnixEpoch,
                        null,
                        life
                    ),
                    Ct
                )
        );

    private static AivenServiceRecord Service(string name) =>
        new(
            Demo,
            name,
            "pg",
            "RUNNING",
            "business-4",
            "aws-eu-west-2",
            2,
            Owner,
            "guid-" + name,
            [new("b.example", 9273, "/metrics"), new("a.example", 9273, "/metrics")],
            true,
            "Integrated",
            "fine"
        );
}
