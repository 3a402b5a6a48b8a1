using System.Diagnostics;
using System.Globalization;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using AivenMetrics.Tests.Broker.Aiven;
using AivenMetrics.Tests.Broker.Osb;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>The whole broker with the simulator and the gateways' feed client: outcome and duration of binds.</summary>
public sealed class SettledBindTests : IAsyncLifetime
{
    private readonly CancellationTokenSource _ended = new();
    private readonly List<Task> _gateways = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiven-metrics-");
    private ReconciliationFixture _bed = null!;
    private WebApplication _broker = null!;
    private HttpClient _platform = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _bed = await ReconciliationFixture.StartAsync();
        var options = BrokerHost.NewOptions();
        options.Database = $"Data Source={Path.Combine(_folder.FullName, "broker.db")}";
        options.Aiven.ApiUrl = _bed.Options.ApiUrl;
        options.Aiven.Token = _bed.Options.Token;
        options.Aiven.RequestsPerMinute = 10_000;
        options.Aiven.Retries = 0;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddBroker(options);
        _broker = builder.Build();
        _broker.MapBroker();
        await _broker.StartAsync(Ct);
        _platform = new HttpClient { BaseAddress = new Uri(_broker.Urls.Single()) };
        _platform.DefaultRequestHeaders.Authorization = new(
            "Basic",
            Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"broker:{BrokerHost.Password}"))
        );
        _platform.DefaultRequestHeaders.Add("X-Broker-API-Version", "2.17");
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAll(_gateways);
        _ended.Dispose();
        _platform.Dispose();
        await _broker.StopAsync(new CancellationToken(canceled: true));
        await _broker.DisposeAsync();
        await _bed.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_bind_of_settled_services_completes_quickly_even_while_Aiven_is_down()
    {
        Gateway("gateway-1");
        Gateway("gateway-2");
        var instance = await ProvisionAsync();
        Assert.Equal(201, await BindAsync($"{instance}/service_bindings/first"));
        await _bed.FaultAsync(
            new
            {
                path = "*",
                status = 500,
                count = 100_000,
            }
        );

        var times = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            Assert.Equal(201, await BindAsync($"{instance}/service_bindings/b{i}"));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"bind: median {times[10]:F1} ms, slowest {times[^1]:F1} ms")
        );
        // Far above the usual duration (about 20 ms), and far below the delay of any polling.
        Assert.InRange(times[10], 0, 200);
    }

    [Fact]
    public async Task A_bind_or_unbind_is_answered_after_every_gateway_has_applied_it()
    {
        var (one, two) = (Gateway("gateway-1"), Gateway("gateway-2", TimeSpan.FromMilliseconds(200)));
        var instance = await ProvisionAsync();
        var path = $"{instance}/service_bindings/b";

        Assert.Equal(201, await BindAsync(path));
        Assert.All([one, two], gateway => Assert.Single(gateway().Credentials));

        using var unbound = await _platform.DeleteAsync(BrokerHost.WithPlan(path), Ct);
        Assert.Equal(200, (int)unbound.StatusCode);
        Assert.All([one, two], gateway => Assert.Empty(gateway().Credentials));
    }

    [Fact]
    public async Task An_unbind_waits_at_most_one_second_for_an_unresponsive_gateway()
    {
        var instance = await ProvisionAsync();
        Gateway("gateway-1");
        Assert.Equal(201, await BindAsync($"{instance}/service_bindings/b"));
        await _broker.Services.GetRequiredService<GatewayStore>().ReportAsync("gateway-that-hangs", null, true, Ct);

        var began = Stopwatch.GetTimestamp();
        using var unbound = await _platform.DeleteAsync(BrokerHost.WithPlan($"{instance}/service_bindings/b"), Ct);

        Assert.Equal(200, (int)unbound.StatusCode);
        Assert.InRange(Stopwatch.GetElapsedTime(began).TotalSeconds, 0.9, 8);
    }

    /// <summary>The feed client of a gateway; returns the feed that the gateway applies, optionally with a delay.</summary>
    private Func<CredentialFeed> Gateway(string id, TimeSpan slow = default)
    {
        CredentialFeed applied = new([]);
        var feed = Feeds.Credentials(new Uri(_broker.Urls.Single()), "gateway-token") with
        {
            ConfigureHeaders = headers => headers.TryAddWithoutValidation(Feeds.GatewayHeader, id),
        };
        var client = new FeedClient<CredentialFeed>(
            Feeds.CreateHttpClient(),
            feed,
            TimeProvider.System,
            NullLogger.Instance,
            new TestMeterFactory()
        );
        _gateways.Add(
            Task.Run(() =>
                client.RunAsync(
                    news =>
                    {
                        Task.Delay(slow).Wait();
                        applied = news.Value;
                    },
                    _ended.Token
                )
            )
        );
        return () => applied;
    }

    private async Task<string> ProvisionAsync()
    {
        var path = $"/v2/service_instances/{Guid.NewGuid()}";
        var body = BrokerHost.Provision();
        (body["organization_guid"], body["space_guid"]) = (
            ReconciliationFixture.OwnerOf("forecast-db").OrganizationId,
            ReconciliationFixture.OwnerOf("forecast-db").SpaceId
        );
        body.Remove("context");
        using var answer = await _platform.PutAsync(path, Json(body.ToJsonString()), Ct);
        Assert.Equal(201, (int)answer.StatusCode);
        return path;
    }

    private async Task<int> BindAsync(string path)
    {
        using var answer = await _platform.PutAsync(
            path,
            Json($$"""{"service_id":"{{BrokerHost.OfferingId}}","plan_id":"{{BrokerHost.SpacePlan}}"}"""),
            Ct
        );
        return (int)answer.StatusCode;
    }

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");
}
