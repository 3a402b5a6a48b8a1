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

/// <summary>Everything, as a small operator has it.</summary>
public class FullStack : StackFixture;

/// <summary>Simulator and broker.</summary>
public sealed class BrokerStackFixture : StackFixture
{
    private protected override StackOptions Options => new() { ReadPath = false };
}

/// <summary>Everything, with a tenant in each of two spaces that already sees its metrics.</summary>
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
/// Tests that read through the gateway, or change services and never programs: they share one <see cref="TwoTenantStack"/>.
/// </summary>
[CollectionDefinition(nameof(TwoTenantCollection))]
public sealed class TwoTenantCollection : ICollectionFixture<TwoTenantStack>;

/// <summary>Tests that stop and restart programs and leave all of them running: they share one <see cref="TwoTenantStack"/>.</summary>
[CollectionDefinition(nameof(RestartCollection))]
public sealed class RestartCollection : ICollectionFixture<TwoTenantStack>;

/// <summary>A tenant with an instance of plan <c>space</c> and a binding of it.</summary>
internal sealed record Tenant(Stack Stack, DemoSpace Space, string Instance, string Binding, Credentials Credentials) : IDisposable
{
    public QueryClient Query { get; } = QueryClient.For(Credentials);

    public static async Task<Tenant> CreateAsync(Stack stack, DemoSpace space)
    {
        var instance = await stack.Platform.ProvisionAsync(space.OrganizationId, space.Id);
        var binding = Guid.NewGuid().ToString();
        return new Tenant(stack, space, instance, binding, await stack.Platform.BindAsync(instance, binding));
    }

    /// <summary>Waits until every node of every service that can be scraped delivers.</summary>
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
    /// How many nodes deliver, as the tenant sees it; nothing when there are none or the gateway does not know the tenant yet.
    /// </summary>
    public async Task<int> CountUpNodesAsync(string selector = "up") =>
        (await Query.GetAsync($"/api/v1/query?query={Uri.EscapeDataString($"{selector} == 1")}"))
            is { Status: System.Net.HttpStatusCode.OK } answer
            ? answer.Json["data"]!["result"]!.AsArray().Count
            : 0;

    public Task<OsbResponse> UnbindAsync() => Stack.Platform.UnbindAsync(Instance, Binding);

    public void Dispose() => Query.Dispose();
}
