using AivenMetrics.Simulator;
using AivenMetrics.Testing.Programs;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>One stack for all tests of a class, for tests that do not disturb each other.</summary>
public abstract class StackFixture : IAsyncLifetime
{
    internal Stack Stack { get; private set; } = null!;

    private protected virtual StackOptions Options => new();

    public virtual async ValueTask InitializeAsync() => Stack = await Stack.Start(Options);

    public async ValueTask DisposeAsync()
    {
        End();
        await (Stack?.DisposeAsync() ?? ValueTask.CompletedTask);
        GC.SuppressFinalize(this);
    }

    private protected virtual void End()
    {
    }
}

/// <summary>Everything, as a small operator has it.</summary>
public class WholeProduct : StackFixture;

/// <summary>Simulator and broker.</summary>
public sealed class WriteHalf : StackFixture
{
    private protected override StackOptions Options => new() { ReadPath = false };
}

/// <summary>Everything, with a tenant in each of two spaces that already sees its metrics.</summary>
public class TwoBoundTenants : StackFixture
{
    internal Tenant Forecast { get; private set; } = null!;

    internal Tenant Beacons { get; private set; } = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Forecast = await Tenant.Order(Stack, Seed.Forecast);
        Beacons = await Tenant.Order(Stack, Seed.Beacons);
        await Forecast.UntilAllAreUp();
        await Beacons.UntilAllAreUp();
    }

    private protected override void End()
    {
        Forecast?.Dispose();
        Beacons?.Dispose();
    }
}

/// <summary>A tenant with an instance of plan <c>space</c> and a binding of it.</summary>
internal sealed record Tenant(Stack Stack, DemoSpace Space, string Instance, string Binding, Credentials Credentials) : IDisposable
{
    public QueryClient Query { get; } = QueryClient.Of(Credentials);

    public static async Task<Tenant> Order(Stack stack, DemoSpace space)
    {
        string instance = await stack.Platform.Provision(space.OrganizationId, space.Id);
        string binding = Guid.NewGuid().ToString();
        return new Tenant(stack, space, instance, binding, await stack.Platform.Bind(instance, binding));
    }

    /// <summary>Waits until every node of every service that can be scraped delivers.</summary>
    public async Task UntilAllAreUp()
    {
        int nodes = 0;
        foreach (DemoService service in Seed.Scraped(Space))
        {
            nodes += (await Stack.Simulator.Addresses(service.Name)).Length;
        }

        await Stack.Until($"{nodes} nodes of the space {Space.Name} are up", async () => await UpNodes() == nodes);
    }

    /// <summary>How many nodes deliver, as the tenant sees it; nothing when there are none or the gateway does not know the tenant yet.</summary>
    public async Task<int> UpNodes(string selector = "up") =>
        (await Query.Get($"/api/v1/query?query={Uri.EscapeDataString($"{selector} == 1")}")) is { Status: System.Net.HttpStatusCode.OK } answer
            ? answer.Json["data"]!["result"]!.AsArray().Count
            : 0;

    public Task<OsbAnswer> Unbind() => Stack.Platform.Unbind(Instance, Binding);

    public void Dispose() => Query.Dispose();
}
