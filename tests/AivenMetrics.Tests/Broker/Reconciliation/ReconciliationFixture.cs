using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using AivenMetrics.Simulator;
using AivenMetrics.Tests.Broker.Aiven;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>
/// Reconciliation with the simulator and SQLite. The broker's clock is controlled by the test; the simulator has no delays.
/// </summary>
internal sealed class ReconciliationFixture : IAsyncDisposable
{
    private const string Token = "simulator-token";
    private readonly WebApplication _simulator;
    private readonly HttpClient _http;
    private readonly string _folder;
    private int _bindings;

    private ReconciliationFixture(WebApplication simulator, string url, string folder)
    {
        _simulator = simulator;
        _folder = folder;
        _http = new HttpClient { BaseAddress = new Uri(url) };
        _http.DefaultRequestHeaders.Add("Authorization", "aivenv1 " + Token);
        Options = new AivenOptions
        {
            ApiUrl = url,
            Token = Token,
            Projects = { "demo" },
            RequestsPerMinute = 100_000,
            Retries = 0,
            BreakDuration = TimeSpan.FromMilliseconds(500),
        };
        Database = Database.Open($"Data Source={Path.Combine(folder, "state.db")}");
    }

    public AivenOptions Options { get; }

    public Database Database { get; }

    public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

    public SecretProtector Secrets { get; } = new([new EncryptionKey("k1", new byte[32])]);

    public InstanceStore Instances => new(Database);

    public BindingStore Bindings => new(Database);

    public InventoryStore Inventory => new(Database);

    public IntegrationStore Integrations => new(Database);

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Services of the demo seed by the tenant's names for them.</summary>
    public static DemoService Seeded(string name) => DemoSeed.Services("demo").Single(service => service.ServiceInstanceName == name);

    public static async Task<ReconciliationFixture> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSimulator(
            new SimulatorOptions
            {
                Token = Token,
                NodeNetwork = "auto",
                IntegrationDelay = TimeSpan.Zero,
                ListenerDelay = TimeSpan.FromHours(1),
                NotFoundWindow = TimeSpan.Zero,
                BuildTime = TimeSpan.Zero,
                RequestsPerMinute = 0,
            }
        );
        var app = builder.Build();
        app.MapSimulator();
        await app.StartAsync(Ct);
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var bed = new ReconciliationFixture(app, url, Directory.CreateTempSubdirectory("aiven-metrics-").FullName);
        await bed.Database.MigrateAsync(null, Ct);
        return bed;
    }

    /// <summary>A cycle of a broker that has just started.</summary>
    public ProjectCycle NewCycle(string project = "demo", TimeProvider? time = null)
    {
        var clock = time ?? Time;
        var aiven = new AivenClient(
            new AivenTransport(AivenTransport.CreateHttpClient(), Options, clock, new AivenClientMetrics(new TestMeterFactory()))
        );
        return new ProjectCycle(
            new(project),
            Options,
            aiven,
            Bindings,
            Inventory,
            Integrations,
            new(aiven, Inventory, Secrets, Options),
            new(aiven, Integrations, clock),
            new(new TestMeterFactory()),
            NullLogger.Instance,
            clock
        );
    }

    /// <summary>
    /// Provisions an instance for the space of a seeded service and binds it. With service names it uses plan <c>services</c>.
    /// </summary>
    public async Task<BindingRecord> BindAsync(string spaceOf, params string[] services)
    {
        var owner = OwnerOf(spaceOf);
        var id = $"{++_bindings}";
        var plan = services.Length == 0 ? PlanScope.Space : PlanScope.Services;
        Assert.True(
            await Instances.TryInsertAsync(
                new(new("i" + id), "offering", "plan", plan, owner, null, null, null, "{}", Time.GetUtcNow()),
                Ct
            )
        );
        var binding = new BindingRecord(
            new("i" + id),
            new("b" + id),
            "plan",
            plan,
            "{}",
            "user" + id,
            "00",
            Secrets.Protect("password", SecretProtector.BindingSecretPurpose),
            [.. services.Select(name => Seeded(name).ServiceInstanceId)],
            "bind-" + id,
            OperationState.InProgress,
            "asked for",
            null,
            Time.GetUtcNow()
        );
        Assert.Equal(InsertBindingResult.Inserted, await Bindings.TryInsertAsync(binding, Ct));
        return binding;
    }

    /// <summary>The organization and space of a seeded service.</summary>
    public static OwningSpace OwnerOf(string name) => new(Seeded(name).OrganizationId, Seeded(name).SpaceId);

    public async Task UnbindAsync(BindingRecord binding) =>
        Assert.NotNull(await Bindings.DeleteAsync(binding.InstanceId, binding.BindingId, "unbound", null, Time.GetUtcNow(), Ct));

    /// <summary>Reason, and whether it is scraped, of a seeded service after the last cycle.</summary>
    public async Task<(string Reason, bool Scraped)> ConditionAsync(string name)
    {
        var service = (await Inventory.ServicesOfProjectAsync(new("demo"), Ct)).Single(service => service.ServiceName == Seeded(name).Name);
        return (service.Reason, service.IsScraped);
    }

    public async Task<IntegrationRecord?> RowAsync(string name) =>
        (await Integrations.OfProjectAsync(new("demo"), Ct)).SingleOrDefault(row => row.ServiceName == Seeded(name).Name);

    public async Task<JsonNode> AdminAsync(HttpMethod method, string path, object? body = null) =>
        await SendAsync(method, "/simulator/v1" + path, body);

    public async Task<JsonNode> ApiAsync(HttpMethod method, string path, object? body = null) =>
        await SendAsync(method, "/v1/project/demo" + path, body);

    public async Task FaultAsync(object fault) => await AdminAsync(HttpMethod.Post, "/faults", fault);

    /// <summary>Calls recorded since the last read, as "METHOD path".</summary>
    public async Task<IReadOnlyList<string>> CallsAsync()
    {
        var calls = (await AdminAsync(HttpMethod.Get, "/calls"))["calls"]!
            .AsArray()
            .Select(call =>
                $"{call!["method"]} {call["path"]!.GetValue<string>().Replace("/v1/project/demo", "", StringComparison.Ordinal)}"
            )
            .ToList();
        await AdminAsync(HttpMethod.Delete, "/calls");
        return calls;
    }

    /// <summary>Ids of the actual integrations of the simulated service.</summary>
    public async Task<IReadOnlyList<string>> ActualIntegrationsAsync(string name)
    {
        var state = await AdminAsync(HttpMethod.Get, "/state");
        var service = state["services"]!.AsArray().Single(service => service!["name"]!.GetValue<string>() == Seeded(name).Name);
        return [.. service!["integrations"]!.AsArray().Select(integration => integration!["id"]!.GetValue<string>())];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await Database.DisposeAsync();
        await _simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonNode> SendAsync(HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _http.SendAsync(request, Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }
}
