using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>A database that fails during a change. Each test has its own broker.</summary>
public abstract class FaultConformanceTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : FaultConformanceTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : FaultConformanceTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => broker.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Osb_19_a_fault_in_the_middle_of_a_change_is_503_and_changes_nothing()
    {
        var binding = await broker.BindingAsync();
        var instance = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];
        var empty = await broker.InstanceAsync();
        var absent = $"/v2/service_instances/{Guid.NewGuid()}";
        var before = await Seen();

        // The audit entry is the last write of each change.
        await RenameAsync("audit_entry", "audit_entry_away");
        BrokerResponse[] answers =
        [
            await broker.PutAsync(absent, BrokerHost.Provision()),
            await broker.SendAsync(
                HttpMethod.Patch,
                instance,
                new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = BrokerHost.ServicesPlan }
            ),
            await broker.PutAsync(instance + "/service_bindings/new", BrokerHost.Bind()),
            await broker.DeleteAsync(BrokerHost.WithPlan(binding)),
            await broker.DeleteAsync(BrokerHost.WithPlan(empty)),
        ];
        await RenameAsync("audit_entry_away", "audit_entry");

        Assert.All(answers, answer => Assert.Equal((503, true), (answer.Status, answer.Description is { Length: > 0 })));
        Assert.Equal(before, await Seen());

        async Task<string> Seen() =>
            string.Join(
                '\n',
                (await broker.GetAsync(instance)).Text,
                (await broker.GetAsync(binding)).Text,
                (await broker.GetAsync(empty)).Text,
                (await broker.GetAsync(absent)).Status,
                (await broker.GetAsync(instance + "/service_bindings/new")).Status
            );
    }

    private Task<int> RenameAsync(string from, string to) =>
        broker.Service<Database>().ExecuteAsync($"ALTER TABLE {from} RENAME TO {to}", null, default);
}
