using System.Text;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>The audit trail records the actor, the time and the result of every change (docs/osb-conformance.md 9 and 129).</summary>
public abstract class AuditTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : AuditTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : AuditTests(broker), IClassFixture<PostgresBroker>;

    private const string Ann = """{"user_id":"ann-1"}""";

    private static string NewId => Guid.NewGuid().ToString();

    private static string Path(string id) => "/v2/service_instances/" + Uri.EscapeDataString(id);

    private async Task<IReadOnlyList<AuditRecord>> ReadAuditAsync(string id) =>
        await broker.Service<AuditStore>().FindByInstanceAsync(new InstanceId(id), CancellationToken.None);

    /// <summary>Sends a request with an originating identity.</summary>
    private async Task<int> SendAsync(HttpMethod method, string path, JsonNode? body = null, string identity = Ann)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add(
            "X-Broker-API-Originating-Identity",
            "cloudfoundry " + Convert.ToBase64String(Encoding.UTF8.GetBytes(identity))
        );
        request.Headers.Add("X-Broker-API-Request-Identity", "request-7");
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }
        using var response = await broker.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static JsonObject Patch(string plan) => new() { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = plan };

    [Fact]
    public async Task Osb_9_every_change_of_an_instance_is_recorded_with_its_user()
    {
        var id = NewId;
        await SendAsync(HttpMethod.Put, Path(id), BrokerHost.Provision());
        await SendAsync(HttpMethod.Patch, Path(id), Patch(BrokerHost.ServicesPlan));
        await SendAsync(HttpMethod.Delete, BrokerHost.WithPlan(Path(id), BrokerHost.ServicesPlan));

        var trail = await ReadAuditAsync(id);

        Assert.Equal(["Deprovision", "Provision", "Update"], trail.Select(entry => entry.Action).Order());
        Assert.All(trail, entry =>
            Assert.Equal(
                (AuditResult.Succeeded, new Actor("broker", "cloudfoundry", Ann, "request-7"), null),
                (entry.Result, entry.Actor, entry.BindingId)
            )
        );
        Assert.Contains(trail, entry => entry.Description == "Plan space for organization org-1 and space space-1.");
        Assert.Contains(trail, entry => entry.Description == "Changed plan space to services.");
    }

    [Fact]
    public async Task Osb_9_a_request_without_a_user_is_recorded_with_the_brokers_user()
    {
        var id = NewId;
        await broker.PutAsync(Path(id), BrokerHost.Provision());

        Assert.Equal(new Actor("broker", null, null, null), Assert.Single(await ReadAuditAsync(id)).Actor);
    }

    [Fact]
    public async Task Osb_10_a_replay_changes_nothing_and_is_not_recorded()
    {
        var id = NewId;
        await SendAsync(HttpMethod.Put, Path(id), BrokerHost.Provision());
        Assert.Equal(200, await SendAsync(HttpMethod.Put, Path(id), BrokerHost.Provision(), """{"user_id":"bob"}"""));

        Assert.Single(await ReadAuditAsync(id));
    }

    [Fact]
    public async Task Osb_69_twenty_equal_requests_at_once_are_one_entry()
    {
        var id = NewId;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(HttpMethod.Put, Path(id), BrokerHost.Provision())));

        Assert.Single(await ReadAuditAsync(id));
    }

    [Fact]
    public async Task Rejected_changes_are_recorded_with_the_reason()
    {
        var id = NewId;
        Assert.Equal(400, await SendAsync(HttpMethod.Put, Path(id), new JsonObject()));
        Assert.Equal(404, await SendAsync(HttpMethod.Patch, Path(id), Patch(BrokerHost.SpacePlan)));
        Assert.Equal(410, await SendAsync(HttpMethod.Delete, BrokerHost.WithPlan(Path(id))));
        Assert.Equal(404, await SendAsync(HttpMethod.Put, Path(id) + "/service_bindings/b%2F1", BrokerHost.Bind()));
        Assert.Equal(410, await SendAsync(HttpMethod.Delete, BrokerHost.WithPlan(Path(id) + "/service_bindings/b%2F1")));

        var trail = await ReadAuditAsync(id);

        Assert.Equal(["Bind", "Deprovision", "Provision", "Unbind", "Update"], trail.Select(entry => entry.Action).Order());
        Assert.All(trail, entry => Assert.Equal((AuditResult.Refused, Ann), (entry.Result, entry.Actor.Identity)));
        Assert.StartsWith(
            "400: The field service_id",
            trail.Single(entry => entry.Action == "Provision").Description,
            StringComparison.Ordinal
        );
        Assert.All(trail.Where(entry => entry.Action.EndsWith("ind", StringComparison.Ordinal)), entry =>
            Assert.Equal(new BindingId("b/1"), entry.BindingId)
        );
    }

    [Fact]
    public async Task Reads_and_unauthenticated_requests_are_not_recorded()
    {
        var id = NewId;
        Assert.Equal(404, await SendAsync(HttpMethod.Get, Path(id)));
        using var stranger = broker.NewClient(password: "wrong");
        using var answer = await stranger.DeleteAsync(BrokerHost.WithPlan(Path(id)));

        Assert.Equal(401, (int)answer.StatusCode);
        Assert.Empty(await ReadAuditAsync(id));
    }

    [Fact]
    public async Task A_rejection_for_a_malformed_identity_or_an_old_version_is_recorded_without_a_user()
    {
        var id = NewId;
        using var malformed = broker.NewClient();
        malformed.DefaultRequestHeaders.Add("X-Broker-API-Originating-Identity", "cloudfoundry %%%");
        using var old = broker.NewClient(version: "1.0");

        Assert.Equal(400, (int)(await malformed.DeleteAsync(BrokerHost.WithPlan(Path(id)))).StatusCode);
        Assert.Equal(412, (int)(await old.DeleteAsync(BrokerHost.WithPlan(Path(id)))).StatusCode);

        Assert.Equal(
            2,
            (await ReadAuditAsync(id)).Count(entry =>
                entry.Result == AuditResult.Refused && entry.Actor == new Actor("broker", null, null, null)
            )
        );
    }

    [Fact]
    public async Task No_password_and_no_secret_is_in_the_trail()
    {
        var id = NewId;
        var body = BrokerHost.Provision();
        body["parameters"] = new JsonObject { ["pasword"] = "hunter2-secret" };
        await SendAsync(HttpMethod.Put, Path(id), body);
        await SendAsync(HttpMethod.Put, Path(id), BrokerHost.Provision());

        var text = string.Join('\n', (await ReadAuditAsync(id)).Select(entry => entry.ToString()));

        Assert.DoesNotContain("hunter2-secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain(BrokerHost.Password, text, StringComparison.Ordinal);
    }
}

/// <summary>Uses a separate broker, because its database is damaged.</summary>
public abstract class AuditFaultTests(BrokerHost broker)
{
    public sealed class OnSqlite(BrokerHost broker) : AuditFaultTests(broker), IClassFixture<BrokerHost>;

    public sealed class OnPostgres(PostgresBroker broker) : AuditFaultTests(broker), IClassFixture<PostgresBroker>;

    private Task<int> SqlAsync(string sql) => broker.Service<Database>().ExecuteAsync(sql, null, default);

    [Fact]
    public async Task If_the_trail_fails_rejections_are_unchanged_and_changes_are_503()
    {
        var path = await broker.InstanceAsync();
        await SqlAsync("ALTER TABLE audit_entry RENAME TO audit_entry_away");

        Assert.Equal(409, (await broker.PutAsync(path, BrokerHost.Provision(BrokerHost.ServicesPlan))).Status);
        Assert.Equal(410, (await broker.DeleteAsync(BrokerHost.WithPlan("/v2/service_instances/unknown"))).Status);
        Assert.Contains(broker.Log, line => line.Contains("could not be audited", StringComparison.Ordinal));

        var another = $"/v2/service_instances/{Guid.NewGuid()}";
        Assert.Equal(503, (await broker.PutAsync(another, BrokerHost.Provision())).Status);
        Assert.Equal(503, (await broker.DeleteAsync(BrokerHost.WithPlan(path))).Status);
        Assert.Equal(
            503,
            (
                await broker.SendAsync(
                    HttpMethod.Patch,
                    path,
                    new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = BrokerHost.ServicesPlan }
                )
            ).Status
        );

        await SqlAsync("ALTER TABLE audit_entry_away RENAME TO audit_entry");
        Assert.Equal(404, (await broker.GetAsync(another)).Status);
        Assert.Contains(BrokerHost.SpacePlan, (await broker.GetAsync(path)).Text, StringComparison.Ordinal);
    }
}
