using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Audit entries of bindings.</summary>
public abstract class BindingAuditTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : BindingAuditTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : BindingAuditTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => broker.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_binding_is_audited_from_start_to_end_with_the_user_and_without_secrets()
    {
        // {"user_id":"u-1"}
        broker.Client.DefaultRequestHeaders.Add("X-Broker-API-Originating-Identity", "cloudfoundry eyJ1c2VyX2lkIjoidS0xIn0=");
        var path = $"{await broker.InstanceAsync()}/service_bindings/b";
        var bound = await broker.PutAsync(path, BrokerHost.Bind());
        await broker.PutAsync(path, BrokerHost.Bind());
        await broker.GetAsync(path);
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        var trail = (await ReadAuditAsync(path)).Where(entry => entry.BindingId == new BindingId("b")).ToList();

        Assert.Equal(
            [
                ("Bind", AuditResult.Begun, "All services of the space."),
                ("Bind", AuditResult.Succeeded, "Metrics are collected."),
                ("Bind", AuditResult.Succeeded, "The credentials were returned to a repeated request."),
                ("FetchBinding", AuditResult.Succeeded, "The credentials were read."),
                ("Unbind", AuditResult.Succeeded, "The credentials were deleted."),
            ],
            trail.Select(entry => (entry.Action, entry.Result, entry.Description))
        );
        Assert.Equal(Actor.Broker, trail[1].Actor);
        Assert.All(trail.Where((_, i) => i != 1), entry =>
            Assert.Equal(
                ("broker", "cloudfoundry", """{"user_id":"u-1"}"""),
                (entry.Actor.BrokerUser, entry.Actor.Platform, entry.Actor.Identity)
            )
        );
        var password = bound.Json.GetProperty("credentials").GetProperty("password").GetString()!;
        Assert.DoesNotContain(trail, entry => entry.ToString().Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bind_that_is_abandoned_or_unbound_while_it_runs_is_audited()
    {
        await broker.StopAsync();
        broker.Options.BindBudget = TimeSpan.FromSeconds(0.2);
        broker.DecideBind = _ => null;
        await broker.StartAsync();
        var path = $"{await broker.InstanceAsync()}/service_bindings/b";
        await broker.PutAsync(path, BrokerHost.Bind());
        await broker.PutAsync(path + "?accepts_incomplete=true", BrokerHost.Bind());
        await broker.DeleteAsync(BrokerHost.WithPlan(path));

        var trail = (await ReadAuditAsync(path)).Where(entry => entry.BindingId is not null).ToList();

        Assert.Equal(
            [
                ("Bind", AuditResult.Begun),
                ("Bind", AuditResult.Failed),
                ("Bind", AuditResult.Refused),
                ("Bind", AuditResult.Begun),
                ("Unbind", AuditResult.Succeeded),
            ],
            trail.Select(entry => (entry.Action, entry.Result))
        );
        Assert.StartsWith("Not ready after 0.2 seconds", trail[1].Description, StringComparison.Ordinal);
        Assert.Equal("broker", trail[1].Actor.BrokerUser);
    }

    private Task<IReadOnlyList<AuditRecord>> ReadAuditAsync(string path) =>
        broker.Service<AuditStore>().FindByInstanceAsync(new InstanceId(path.Split('/')[3]), default);
}
