using AivenMetrics.Broker.State;
using AivenMetrics.Testing.Programs;
using Microsoft.Data.Sqlite;
using Xunit;

[assembly: AssemblyFixture(typeof(AivenMetrics.Acceptance.State.SharedPostgres))]

namespace AivenMetrics.Acceptance.State;

/// <summary>A kind of database under the contract.</summary>
public interface IStateFixture : IAsyncLifetime
{
    /// <summary>Connection string of a new, empty database.</summary>
    Task<string> NewDatabaseAsync();
}

public sealed class SqliteFixture : IStateFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aivenmetrics-sqlite-");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public Task<string> NewDatabaseAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, $"{Guid.NewGuid():n}.db")}");

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>New databases on the PostgreSQL server that all tests of the run share.</summary>
public sealed class PostgresFixture : IStateFixture
{
    public PostgresServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await SharedPostgres.GetAsync();

    public Task<string> NewDatabaseAsync() => Server.CreateDatabaseAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>One PostgreSQL server for the whole run. The first test that needs it starts it; it stops at the end of the run.</summary>
public sealed class SharedPostgres : IAsyncDisposable
{
    private static readonly Lazy<Task<PostgresServer>> Server = new(() => PostgresServer.StartAsync());

    internal static Task<PostgresServer> GetAsync() => Server.Value;

    public async ValueTask DisposeAsync()
    {
        if (Server.IsValueCreated)
        {
            await (await Server.Value).DisposeAsync();
        }
    }
}

/// <summary>Every store on one migrated database.</summary>
public sealed class StateStores(Database database) : IAsyncDisposable
{
    public Database Database => database;

    public InstanceStore Instances { get; } = new(database);

    public BindingStore Bindings { get; } = new(database);

    public InventoryStore Inventory { get; } = new(database);

    public IntegrationStore Integrations { get; } = new(database);

    public GatewayStore Gateways { get; } = new(database);

    public AuditStore Audit { get; } = new(database);

    public ReportedValueStore ReportedValues { get; } = new(database);

    public ReconcilerLock ReconcilerLock { get; } = new(database);

    public static async Task<StateStores> OpenAsync(string connectionString)
    {
        var database = Database.Open(connectionString);
        await database.MigrateAsync(null, CancellationToken.None);
        return new StateStores(database);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}

/// <summary>Values whose details do not matter.</summary>
public static class StateData
{
    public static readonly DateTimeOffset Time = new(2026, 11, 23, 12, 0, 0, 123, TimeSpan.Zero);

    public static OwningSpace Owner { get; } = new("org-1", "space-1");

    public static InstanceRecord Instance(string id = "instance-1", PlanScope scope = PlanScope.Space) =>
        new(new InstanceId(id), "offering", "plan", scope, Owner, "Org One", "Space One", "my-metrics", "{}", Time);

    public static BindingRecord Binding(string instance = "instance-1", string id = "binding-1", params string[] services) =>
        new(
            new InstanceId(instance),
            new BindingId(id),
            "plan",
            services.Length == 0 ? PlanScope.Space : PlanScope.Services,
            """{"parameters":{}}""",
            $"m-{Guid.NewGuid():n}",
            new string('a', 64),
            new ProtectedSecret("Y2lwaGVy", "k1"),
            services,
            $"bind-{id}",
            OperationState.InProgress,
            "Waiting for the reconciler.",
            null,
            Time
        );

    public static AivenServiceRecord Service(string name, OwningSpace? owner, string project = "demo") =>
        new(
            new AivenProject(project),
            name,
            "pg",
            "RUNNING",
            "startup-4",
            "google-europe-west1",
            2,
            owner,
            $"guid-of-{name}",
            [new ScrapeHostRecord($"{name}.example.com", 9273, "/metrics")],
            true,
            "Integrated",
            "Metrics are scraped."
        );
}
