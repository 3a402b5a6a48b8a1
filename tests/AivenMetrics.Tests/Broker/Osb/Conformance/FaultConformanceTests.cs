using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb.Conformance;

/// <summary>osb.md A1, A13: a database that fails in the middle of a change. Each test has a broker of its own.</summary>
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
        var binding = await broker.Binding();
        var instance = binding[..binding.IndexOf("/service_bindings", StringComparison.Ordinal)];
        var empty = await broker.Instance();
        var absent = $"/v2/service_instances/{Guid.NewGuid()}";
        var before = await Seen();

        // The audit trail is written last in each change.
        await Rename("audit_entry", "audit_entry_away");
        Answer[] answers =
        [
            await broker.Put(absent, BrokerHost.Provision()),
            await broker.Send(HttpMethod.Patch, instance, new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = BrokerHost.ServicesPlan }),
            await broker.Put(instance + "/service_bindings/new", BrokerHost.Bind()),
            await broker.Delete(BrokerHost.WithPlan(binding)),
            await broker.Delete(BrokerHost.WithPlan(empty)),
        ];
        await Rename("audit_entry_away", "audit_entry");

        Assert.All(answers, answer => Assert.Equal((503, true), (answer.Status, answer.Description is { Length: > 0 })));
        Assert.Equal(before, await Seen());

        async Task<string> Seen() => string.Join(
            '\n', (await broker.Get(instance)).Text, (await broker.Get(binding)).Text, (await broker.Get(empty)).Text,
            (await broker.Get(absent)).Status, (await broker.Get(instance + "/service_bindings/new")).Status);
    }

    private Task Rename(string from, string to) => broker.Service<Database>().Execute($"ALTER TABLE {from} RENAME TO {to}", null, default);
}
