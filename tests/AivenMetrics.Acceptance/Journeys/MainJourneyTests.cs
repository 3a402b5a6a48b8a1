using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.State;
using AivenMetrics.Acceptance.Support;
using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Journeys;

public sealed class SqliteMainJourneyTests(JourneyFixture<SqliteFixture> journey) : MainJourneyTests<SqliteFixture>(journey);

public sealed class PostgresMainJourneyTests(JourneyFixture<PostgresFixture> journey) : MainJourneyTests<PostgresFixture>(journey);

/// <summary>
/// Everything on one kind of database: a tenant with plan <c>space</c>, and one of another space with plan <c>services</c>.
/// </summary>
public sealed class JourneyFixture<TDatabase> : IAsyncLifetime
    where TDatabase : IStateFixture, new()
{
    private readonly TDatabase _database = new();

    internal Stack Stack { get; private set; } = null!;

    internal Tenant Forecast { get; private set; } = null!;

    /// <summary>Bound to the Kafka of the space Website by its GUID, although the space has a MySQL as well.</summary>
    internal Credentials Events { get; private set; } = null!;

    internal QueryClient EventsQuery { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        Stack = await Stack.StartAsync(new StackOptions { Database = await _database.NewDatabaseAsync() });
        Forecast = await Tenant.CreateAsync(Stack, SeededServices.Forecast);
        var instance = await Stack.Platform.ProvisionAsync(
            SeededServices.Website.OrganizationId,
            SeededServices.Website.Id,
            Platform.ServicesPlan
        );
        Events = await Stack.Platform.BindAsync(
            instance,
            null,
            Platform.ServicesPlan,
            SeededServices.Service("website-events").ServiceInstanceId
        );
        // The sibling that the credential must not show has to be in Prometheus, or its absence would prove nothing.
        using var everything = await Tenant.CreateAsync(Stack, SeededServices.Website);
        EventsQuery = QueryClient.For(Events);
        await Forecast.WaitUntilAllAreUpAsync();
        await everything.WaitUntilAllAreUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        EventsQuery?.Dispose();
        Forecast?.Dispose();
        await (Stack?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _database.DisposeAsync();
    }
}

/// <summary>Provision, bind, scrape and query with the real programs, on every kind of database.</summary>
public abstract class MainJourneyTests<TDatabase>(JourneyFixture<TDatabase> journey) : IClassFixture<JourneyFixture<TDatabase>>
    where TDatabase : IStateFixture, new()
{
    private const string AnySeries = "{__name__=~\".+\"}";

    private static readonly string[] ForecastServices = Names(SeededServices.Scraped(SeededServices.Forecast));
    private static readonly string[] EventsService = [SeededServices.Service("website-events").Name];

    private QueryClient Forecast => journey.Forecast.Query;

    private QueryClient Events => journey.EventsQuery;

    [Fact]
    public async Task Each_tenant_sees_its_own_services_and_no_other_in_instant_queries()
    {
        Assert.Equal(ForecastServices, await Forecast.ValuesOfAsync("aiven_service_name", "up == 1"));
        Assert.Equal(ForecastServices, await Forecast.ValuesOfAsync("aiven_service_name", AnySeries));
        Assert.Equal([SeededServices.Forecast.Id], await Forecast.ValuesOfAsync("space_id", AnySeries));
        Assert.Equal(EventsService, await Events.ValuesOfAsync("aiven_service_name", "up == 1"));
        Assert.Equal(EventsService, await Events.ValuesOfAsync("aiven_service_name", AnySeries));
    }

    [Fact]
    public async Task Each_tenant_sees_its_own_services_and_no_other_in_range_queries()
    {
        Assert.Equal(ForecastServices, Distinct(await Forecast.RangeAsync("up"), "aiven_service_name"));
        Assert.Equal(EventsService, Distinct(await Events.RangeAsync("rate(system_uptime[30s]) or up"), "aiven_service_name"));
    }

    [Fact]
    public async Task Each_tenant_sees_its_own_services_and_no_other_in_series()
    {
        Assert.Equal(ForecastServices, Distinct(await Forecast.SeriesOfAsync(AnySeries), "aiven_service_name"));
        Assert.Equal(EventsService, Distinct(await Events.SeriesOfAsync(AnySeries), "aiven_service_name"));
        Assert.Empty(await Events.SeriesOfAsync($"up{{space_id=\"{SeededServices.Forecast.Id}\"}}"));
    }

    [Fact]
    public async Task Each_tenant_sees_only_its_own_label_names_and_values()
    {
        Assert.Equal(ForecastServices, await Forecast.LabelValuesAsync("aiven_service_name"));
        Assert.Equal(EventsService, await Events.LabelValuesAsync("aiven_service_name"));
        Assert.Equal([SeededServices.Website.Id], await Events.LabelValuesAsync("space_id"));
        Assert.Empty(await Events.LabelValuesAsync("space_id", $"up{{space_id!=\"{SeededServices.Website.Id}\"}}"));
        var forecastMetrics = await Forecast.LabelValuesAsync("__name__");
        Assert.Contains(forecastMetrics, name => name.StartsWith("postgresql_", StringComparison.Ordinal));
        Assert.DoesNotContain(forecastMetrics, name => name.StartsWith("kafka_", StringComparison.Ordinal));
        var eventsMetrics = await Events.LabelValuesAsync("__name__");
        Assert.Contains(eventsMetrics, name => name.StartsWith("kafka_", StringComparison.Ordinal));
        Assert.DoesNotContain(eventsMetrics, name =>
            name.StartsWith("postgresql_", StringComparison.Ordinal) || name.StartsWith("mysql_", StringComparison.Ordinal)
        );
        Assert.Contains("topic", await Events.LabelNamesAsync());
        Assert.DoesNotContain("topic", await Forecast.LabelNamesAsync());
    }

    [Fact]
    public async Task Prometheus_contains_series_that_neither_tenant_may_see()
    {
        using var prometheus = journey.Stack.Prometheus();

        Assert.Equal(
            Names([.. SeededServices.Scraped(SeededServices.Forecast), .. SeededServices.Scraped(SeededServices.Website)]),
            await prometheus.ValuesOfAsync("aiven_service_name", "up{job=~\"aiven.*\"}")
        );
    }

    [Fact]
    public async Task Every_node_is_scraped_at_its_address_over_verified_TLS_and_standbys_too()
    {
        using var prometheus = journey.Stack.Prometheus();

        var targets = (await prometheus.GetAsync("/api/v1/targets?state=active")).Json["data"]!["activeTargets"]!.AsArray();
        List<string> expected = [];
        foreach (var service in SeededServices.Scraped(SeededServices.Forecast).Concat(SeededServices.Scraped(SeededServices.Website)))
        {
            expected.AddRange(
                (await journey.Stack.Simulator.AddressesAsync(service.Name)).Select(address => $"https://{address}:9273/metrics")
            );
        }

        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            targets.Select(target => target!["scrapeUrl"]!.GetValue<string>()).Order(StringComparer.Ordinal)
        );
        Assert.All(targets, target => Assert.Equal("up", target!["health"]!.GetValue<string>()));
        var configuration = (await prometheus.GetAsync("/api/v1/status/config")).Json["data"]!["yaml"]!.GetValue<string>();
        Assert.DoesNotContain("insecure_skip_verify: true", configuration, StringComparison.Ordinal);
        Assert.Contains("server_name: replica-", configuration, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_credentials_contain_everything_that_an_app_needs()
    {
        var credentials = journey.Events.Json;

        Assert.Equal(journey.Stack.Configuration.GatewayUrl, credentials["url"]!.GetValue<string>());
        Assert.Contains(
            $"{journey.Events.Username}:{Uri.EscapeDataString(journey.Events.Password)}@",
            credentials["uri"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        var service = Assert.Single(credentials["services"]!.AsArray())!;
        Assert.Equal((EventsService[0], "kafka", "RUNNING"), (Text(service, "name"), Text(service, "type"), Text(service, "state")));
        Assert.Equal(
            ["organization_id", "space_id", "service_instance_id"],
            credentials["scope"]!["matchers"]!.AsArray().Select(matcher => Text(matcher!, "name"))
        );
        Assert.Contains("type: prometheus", Text(credentials, "grafana_datasource"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await Events.GetAsync("/api/v1/status/buildinfo")).Status);
    }

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();

    private static string[] Names(IEnumerable<DemoService> services) =>
        [.. services.Select(service => service.Name).Order(StringComparer.Ordinal)];

    private static string[] Distinct(IEnumerable<QueriedSeries> series, string label) =>
        [.. series.Select(one => one[label]).Distinct().Order(StringComparer.Ordinal)];
}
