using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker;
using AivenMetrics.Broker.State;
using AivenMetrics.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>
/// The broker on Kestrel with a new database: a SQLite file, or PostgreSQL with <see cref="PostgresBroker"/>. A fake reconciler decides
/// binds with <see cref="DecideBind"/>, through the same store.
/// </summary>
public class BrokerHost : IAsyncLifetime
{
    public const string Password = "platform-password-Zq7";
    public const string OfferingId = "b8a4a1a6-5a8e-4c53-9f5c-6b0e3d2f7c10";
    public const string SpacePlan = "2f6d3d0e-7c0d-4f0b-8e53-0a9f4b7f1c21";
    public const string ServicesPlan = "6c1e9d54-2b1f-4b43-a5f1-3d8a7e9b0d32";
    public static readonly OwningSpace Owner = new("org-1", "space-1");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aivenmetrics-osb-");
    private WebApplication? _app;

    /// <summary>Decides a bind in progress; null: not yet.</summary>
    public Func<BindingScope, (OperationState State, string Description)?> DecideBind { get; set; } =
        _ => (OperationState.Succeeded, "Metrics are collected.");

    /// <summary>Called after a signal to the reconciler, before it reads.</summary>
    public Func<Task> ReconcilerWoken { get; set; } = () => Task.CompletedTask;

    public BrokerOptions Options { get; } = NewOptions();

    /// <summary>All log lines, with the texts of scopes and exceptions.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public HttpClient Client { get; private set; } = null!;

    public T Service<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    public static BrokerOptions NewOptions()
    {
        var options = new BrokerOptions
        {
            Password = Password,
            GatewayUrl = "https://metrics.example.com/",
            BindBudget = TimeSpan.FromSeconds(10),
            Feed = { DiscoveryToken = "discovery-token", GatewayToken = "gateway-token" },
            // No server listens there: the test must not depend on Aiven.
            Aiven =
            {
                Token = "aiven-token-Xy9",
                Projects = { "demo" },
                ApiUrl = "http://127.0.0.1:9",
            },
        };
        options.EncryptionKeys.Add(new EncryptionKeyOptions { Id = "k1", Key = Convert.ToBase64String(new byte[32]) });
        return options;
    }

    public async ValueTask InitializeAsync()
    {
        Options.Database = await NewDatabaseAsync();
        Assert.Empty(Options.Validate());
        await StartAsync();
        await Service<InventoryStore>()
            .SaveInventoryAsync(
                new AivenProject("demo"),
                DateTimeOffset.UtcNow,
                [
                    Aiven("pg-1", Owner),
                    Aiven("kafka-1", Owner),
                    Aiven("others-pg", new OwningSpace("org-2", "space-2")),
                    Aiven("same-space-other-organization", new OwningSpace("org-2", "space-1")),
                ],
                CancellationToken.None
            );
    }

    /// <summary>Returns the connection string of a new database.</summary>
    protected virtual Task<string> NewDatabaseAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, "broker.db")}");

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace).AddProvider(new LogCapture(Log));
        builder.Services.AddBroker(Options);
        foreach (var reconciler in builder.Services.Where(IsReconciler).ToList())
        {
            builder.Services.Remove(reconciler);
        }
        builder.Services.AddHostedService(services => new FakeReconciler(
            this,
            services.GetRequiredService<BindingStore>(),
            services.GetRequiredService<StateSignals>()
        ));
        _app = builder.Build();
        _app.MapBroker();
        await _app.StartAsync();
        Client = NewClient();
    }

    /// <summary>Stops like a killed process, without cleanup.</summary>
    public async Task StopAsync()
    {
        Client.Dispose();
        await _app!.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await StopAsync();
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    public HttpClient NewClient(string username = "broker", string password = Password, string? version = "2.17")
    {
        var client = new HttpClient { BaseAddress = new Uri(_app!.Urls.Single()) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic",
            Convert.ToBase64String(Encoding.UTF8.GetBytes($"{username}:{password}"))
        );
        if (version is not null)
        {
            client.DefaultRequestHeaders.Add("X-Broker-API-Version", version);
        }
        return client;
    }

    public static AivenServiceRecord Aiven(string name, OwningSpace owner) =>
        new(
            new AivenProject("demo"),
            name,
            "pg",
            "RUNNING",
            "startup-4",
            "google-europe-west1",
            1,
            owner,
            $"guid-of-{name}",
            [],
            true,
            "Integrated",
            "Metrics are collected."
        );

    /// <summary>Sends a request and reads its JSON response.</summary>
    public async Task<BrokerResponse> SendAsync(HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }
        return await BrokerResponse.ReadAsync(await Client.SendAsync(request));
    }

    public Task<BrokerResponse> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body);

    public Task<BrokerResponse> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<BrokerResponse> DeleteAsync(string path) => SendAsync(HttpMethod.Delete, path);

    /// <summary>Provisions an instance and returns its path.</summary>
    public async Task<string> InstanceAsync(string plan = SpacePlan)
    {
        var path = $"/v2/service_instances/{Guid.NewGuid()}";
        Assert.Equal(201, (await PutAsync(path, Provision(plan))).Status);
        return path;
    }

    /// <summary>Provisions an instance with a binding and returns the path of the binding.</summary>
    public async Task<string> BindingAsync()
    {
        var path = $"{await InstanceAsync()}/service_bindings/{Guid.NewGuid()}";
        Assert.Equal(201, (await PutAsync(path, Bind())).Status);
        return path;
    }

    public static JsonObject Provision(string plan = SpacePlan) =>
        new()
        {
            ["service_id"] = OfferingId,
            ["plan_id"] = plan,
            ["organization_guid"] = Owner.OrganizationId,
            ["space_guid"] = Owner.SpaceId,
            ["context"] = new JsonObject
            {
                ["platform"] = "cloudfoundry",
                ["organization_guid"] = Owner.OrganizationId,
                ["organization_name"] = "Org One",
                ["space_guid"] = Owner.SpaceId,
                ["space_name"] = "Space One",
                ["instance_name"] = "my-metrics",
            },
        };

    public static JsonObject Bind(string plan = SpacePlan, params string[] services)
    {
        var body = new JsonObject
        {
            ["service_id"] = OfferingId,
            ["plan_id"] = plan,
            ["app_guid"] = "app-1",
            ["bind_resource"] = new JsonObject { ["app_guid"] = "app-1", ["space_guid"] = "space-1" },
        };
        if (services.Length > 0)
        {
            body["parameters"] = new JsonObject
            {
                ["services"] = new JsonArray([.. services.Select(service => JsonValue.Create(service))]),
            };
        }
        return body;
    }

    public static string WithPlan(string path, string plan = SpacePlan) => $"{path}?service_id={OfferingId}&plan_id={plan}";

    private static bool IsReconciler(ServiceDescriptor service) =>
        service.ServiceType == typeof(IHostedService)
        && (service.ImplementationType ?? service.ImplementationFactory?.Method.DeclaringType)?.Namespace
            == "AivenMetrics.Broker.Reconciliation";

    private sealed class FakeReconciler(BrokerHost host, BindingStore bindings, StateSignals signals) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var seen = signals.DesiredStateChanged.Version;
                await host.ReconcilerWoken();
                foreach (var bind in await bindings.PendingBindsAsync(stoppingToken))
                {
                    if (host.DecideBind(bind.Scope) is not { } decision)
                    {
                        continue;
                    }
                    await bindings.RecordOutcomesAsync(
                        [new BindOutcome(bind, decision.State, decision.Description)],
                        DateTimeOffset.UtcNow,
                        stoppingToken
                    );
                    signals.BindDecided.Notify(bind.Operation);
                }

                signals.ObservedStateChanged.Notify();
                await signals.DesiredStateChanged.WaitAsync(seen, TimeSpan.FromMilliseconds(100), stoppingToken);
            }
        }
    }

    private sealed class LogCapture(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            lines.Enqueue(state.ToString() ?? "");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}

/// <summary>A response of the broker.</summary>
public sealed record BrokerResponse(int Status, string Text, HttpResponseMessage Response)
{
    public JsonElement Json => JsonDocument.Parse(Text).RootElement;

    public string? Description => Json.TryGetProperty("description", out var value) ? value.GetString() : null;

    public string? Error => Json.TryGetProperty("error", out var value) ? value.GetString() : null;

    public static async Task<BrokerResponse> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response);
}
