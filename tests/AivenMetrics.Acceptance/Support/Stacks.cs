using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>One stack for all tests of a class, for tests that do not disturb each other.</summary>
public abstract class StackFixture : IAsyncLifetime
{
    internal Stack Stack { get; private set; } = null!;

    private protected virtual StackOptions Options => new();

    public virtual async ValueTask InitializeAsync() => Stack = await Stack.StartAsync(Options);

    public async ValueTask DisposeAsync()
    {
        DisposeTenants();
        await (Stack?.DisposeAsync() ?? ValueTask.CompletedTask);
        GC.SuppressFinalize(this);
    }

    private protected virtual void DisposeTenants() { }
}

/// <summary>All programs, one of each.</summary>
public class FullStack : StackFixture;

/// <summary>Simulator and broker.</summary>
public sealed class BrokerStackFixture : StackFixture
{
    private protected override StackOptions Options => new() { ReadPath = false };
}

/// <summary>All programs, and a tenant in each of two spaces that already sees its metrics.</summary>
public class TwoTenantStack : StackFixture
{
    internal Tenant Forecast { get; private set; } = null!;

    internal Tenant Beacons { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Forecast = await Tenant.CreateAsync(Stack, SeededServices.Forecast);
        Beacons = await Tenant.CreateAsync(Stack, SeededServices.Beacons);
        await Forecast.WaitUntilAllAreUpAsync();
        await Beacons.WaitUntilAllAreUpAsync();
    }

    private protected override void DisposeTenants()
    {
        Forecast?.Dispose();
        Beacons?.Dispose();
    }
}

/// <summary>
/// Tests that read through the gateway or change services, but no programs. They share one <see cref="TwoTenantStack"/>.
/// </summary>
[CollectionDefinition(nameof(TwoTenantCollection))]
public sealed class TwoTenantCollection : ICollectionFixture<TwoTenantStack>;

/// <summary>Tests that stop programs and restart them. They share one <see cref="TwoTenantStack"/>.</summary>
[CollectionDefinition(nameof(RestartCollection))]
public sealed class RestartCollection : ICollectionFixture<TwoTenantStack>;

/// <summary>A tenant with an instance of plan <c>space</c> and a binding to it.</summary>
internal sealed record Tenant(Stack Stack, DemoSpace Space, string Instance, string Binding, Credentials Credentials) : IDisposable
{
    public QueryClient Query { get; } = QueryClient.For(Credentials);

    public static async Task<Tenant> CreateAsync(Stack stack, DemoSpace space)
    {
        var instance = await stack.Platform.ProvisionAsync(space.OrganizationId, space.Id);
        var binding = Guid.NewGuid().ToString();
        return new Tenant(stack, space, instance, binding, await stack.Platform.BindAsync(instance, binding));
    }

    /// <summary>Waits until every node of every service that can be scraped has samples.</summary>
    public async Task WaitUntilAllAreUpAsync()
    {
        var nodes = 0;
        foreach (var service in SeededServices.Scraped(Space))
        {
            nodes += (await Stack.Simulator.AddressesAsync(service.Name)).Length;
        }

        await Stack.WaitUntilAsync($"{nodes} nodes of the space {Space.Name} are up", async () => await CountUpNodesAsync() == nodes);
    }

    /// <summary>
    /// Returns the number of nodes with samples, as the tenant sees it; 0 if there are none or the gateway has no credential of the
    /// tenant yet.
    /// </summary>
    public async Task<int> CountUpNodesAsync(string selector = "up") =>
        (await Query.GetAsync($"/api/v1/query?query={Uri.EscapeDataString($"{selector} == 1")}"))
            is { Status: System.Net.HttpStatusCode.OK } answer
            ? answer.Json["data"]!["result"]!.AsArray().Count
            : 0;

    public Task<OsbResponse> UnbindAsync() => Stack.Platform.UnbindAsync(Instance, Binding);

    public void Dispose() => Query.Dispose();
}
