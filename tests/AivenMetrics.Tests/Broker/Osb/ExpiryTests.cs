using System.Globalization;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>Expiring credentials and their maximum lifetime (docs/osb-conformance.md 101).</summary>
public abstract class ExpiryTests(BrokerHost broker) : IAsyncLifetime
{
    public sealed class OnSqlite() : ExpiryTests(new BrokerHost());

    public sealed class OnPostgres(PostgresDatabases databases) : ExpiryTests(new PostgresBroker(databases));

    public ValueTask InitializeAsync() => broker.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await broker.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(BrokerHost.SpacePlan, "12h", 12)]
    [InlineData(BrokerHost.ServicesPlan, "90d", 90 * 24)]
    [InlineData(BrokerHost.SpacePlan, "99999d", 99999 * 24)]
    public async Task Osb_101_a_bind_states_when_its_credentials_expire_and_when_to_renew_them(string plan, string requested, int hours)
    {
        var path = await NewPathAsync(plan);

        var bound = await broker.PutAsync(path, Bind(requested, plan));

        Assert.Equal(201, bound.Status);
        var (expires, renew) = Life(bound);
        Assert.InRange(expires - DateTimeOffset.UtcNow, TimeSpan.FromHours(hours) - TimeSpan.FromMinutes(5), TimeSpan.FromHours(hours));
        Assert.InRange((expires - renew - TimeSpan.FromHours(hours / 4.0)).TotalSeconds, -1, 1);
        var credential = Assert.Single(await broker.Service<BindingStore>().LiveCredentialsAsync(default));
        Assert.InRange((credential.NotAfter!.Value - expires).TotalSeconds, 0, 0.2);
        var metadata = bound.Json.GetProperty("metadata").GetRawText();
        Assert.Equal(metadata, (await broker.GetAsync(path)).Json.GetProperty("metadata").GetRawText());
        Assert.Equal((200, bound.Text), Of(await broker.PutAsync(path, Bind(requested, plan))));
        Assert.Equal(409, (await broker.PutAsync(path, Bind("13h", plan))).Status);
    }

    [Fact]
    public async Task Credentials_that_never_expire_have_no_metadata()
    {
        var path = await NewPathAsync();

        Assert.False((await broker.PutAsync(path, BrokerHost.Bind())).Json.TryGetProperty("metadata", out _));
        Assert.False((await broker.GetAsync(path)).Json.TryGetProperty("metadata", out _));
        Assert.Null(Assert.Single(await broker.Service<BindingStore>().LiveCredentialsAsync(default)).NotAfter);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"0d\"")]
    [InlineData("\"90\"")]
    [InlineData("\"100000h\"")]
    [InlineData("\"-1h\"")]
    [InlineData("\"1.5h\"")]
    [InlineData("\"90d\\n\"")]
    [InlineData("\"90D\"")]
    [InlineData("90")]
    [InlineData("null")]
    [InlineData("[\"90d\"]")]
    public async Task Osb_96_an_invalid_lifetime_is_400_and_named(string json)
    {
        var path = await NewPathAsync();
        var body = BrokerHost.Bind();
        body["parameters"] = new JsonObject { ["expires_in"] = JsonNode.Parse(json) };

        var answer = await broker.PutAsync(path, body);

        Assert.Equal(400, answer.Status);
        Assert.Contains("'expires_in'", answer.Description, StringComparison.Ordinal);
        Assert.Equal(404, (await broker.GetAsync(path)).Status);
    }

    [Fact]
    public async Task The_operators_lifetime_is_the_default_and_the_maximum()
    {
        await broker.StopAsync();
        broker.Options.CredentialLifetime = TimeSpan.FromDays(30);
        await broker.StartAsync();

        var (expires, _) = Life(await broker.PutAsync(await NewPathAsync(), BrokerHost.Bind()));
        Assert.InRange(expires - DateTimeOffset.UtcNow, TimeSpan.FromDays(29.9), TimeSpan.FromDays(30));
        Assert.Equal(201, (await broker.PutAsync(await NewPathAsync(), Bind("720h"))).Status);
        var refused = await broker.PutAsync(await NewPathAsync(), Bind("31d"));
        Assert.Equal(400, refused.Status);
        Assert.Contains("'expires_in' must be at most 30d", refused.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rotation_has_the_lifetime_of_its_predecessor_up_to_the_present_maximum()
    {
        var path = await NewPathAsync();
        await broker.PutAsync(path, Bind("20d"));
        await broker.PutAsync(path + "-b", Rotation(path));
        Assert.InRange(
            Life(await broker.GetAsync(path + "-b")).Expires - DateTimeOffset.UtcNow,
            TimeSpan.FromDays(19.9),
            TimeSpan.FromDays(20)
        );
        await broker.StopAsync();
        broker.Options.CredentialLifetime = TimeSpan.FromDays(10);
        await broker.StartAsync();

        await broker.PutAsync(path + "-c", Rotation(path));

        Assert.InRange(
            Life(await broker.GetAsync(path + "-c")).Expires - DateTimeOffset.UtcNow,
            TimeSpan.FromDays(9.9),
            TimeSpan.FromDays(10)
        );
    }

    [Theory]
    [InlineData("00:59:59")]
    [InlineData("36501.00:00:00")]
    [InlineData("-01:00:00")]
    public void An_invalid_lifetime_is_an_error(string lifetime)
    {
        var options = BrokerHost.NewOptions();
        options.CredentialLifetime = TimeSpan.Parse(lifetime, CultureInfo.InvariantCulture);

        Assert.Contains("Broker:CredentialLifetime", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    private async Task<string> NewPathAsync(string plan = BrokerHost.SpacePlan) =>
        $"{await broker.InstanceAsync(plan)}/service_bindings/{Guid.NewGuid()}";

    private static JsonObject Bind(string expiresIn, string plan = BrokerHost.SpacePlan)
    {
        var body = plan == BrokerHost.SpacePlan ? BrokerHost.Bind() : BrokerHost.Bind(plan, "pg-1");
        if (body["parameters"] is null)
        {
            body["parameters"] = new JsonObject();
        }
        body["parameters"]!["expires_in"] = expiresIn;
        return body;
    }

    private static JsonObject Rotation(string path) => new() { ["predecessor_binding_id"] = path.Split('/')[^1] };

    private static (int, string) Of(BrokerResponse answer) => (answer.Status, answer.Text);

    private static (DateTimeOffset Expires, DateTimeOffset Renew) Life(BrokerResponse answer)
    {
        var metadata = answer.Json.GetProperty("metadata");
        return (Time(metadata.GetProperty("expires_at").GetString()!), Time(metadata.GetProperty("renew_before").GetString()!));
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.ParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.f'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
