using System.Net;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.PromQL;
using AivenMetrics.Testing.Gateway;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class CredentialSnapshotTests
{
    /// <summary>Each of these would match series without the label.</summary>
    [Theory]
    [InlineData("[]")]
    [InlineData("""[{"name":"space_id","type":"=","value":""}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":""}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":".*"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"a|"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"|a"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"a||b"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"(a|b)?"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"a{0,3}"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"[[:alpha:]]*"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"^$"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"(?i)"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"\\B|a"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"\\Q\\E"}]""")]
    [InlineData("""[{"name":"space_id","type":"=~","value":"(unclosed"}]""")]
    [InlineData("""[{"name":"space_id","type":"=","value":"a"},{"name":"organization_id","type":"=~","value":".*"}]""")]
    public async Task A_credential_without_a_valid_scope_matches_nothing(string matchers)
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync(
            [prometheus.Url],
            RunningGateway.TenantsJson(RunningGateway.Tenant(RunningGateway.TenantA, matchers))
        );

        using var query = await gateway.GetAsync("/api/v1/query?query=up");
        using var labels = await gateway.GetAsync("/api/v1/labels");

        Assert.Equal(HttpStatusCode.OK, query.StatusCode);
        Assert.Equal(HttpStatusCode.OK, labels.StatusCode);
        Assert.All(prometheus.Requests, request =>
            Assert.True(SelectorsOf(request).All(Contradicts), $"{request.Query}{string.Join(' ', request.Matches)} can match a series")
        );
        Assert.Contains(gateway.Log, line => line.Contains("Credential tenant-a matches nothing", StringComparison.Ordinal));
    }

    [Fact]
    public void Only_changed_credentials_are_created_again()
    {
        var before = Snapshot(null, Credential("a"), Credential("b"), Credential("c"));

        var after = Snapshot(before, Credential("a"), Credential("b") with { Plan = "services" }, Credential("d"));

        Assert.Same(before.Find("a"), after.Find("a"));
        Assert.Equal("services", after.Find("b")!.Plan);
        Assert.NotNull(after.Find("d"));
        Assert.Null(after.Find("c"));
        Assert.Equal(3, after.Count);
    }

    /// <summary>A change of any property counts. The user name is the key and cannot change.</summary>
    [Fact]
    public void Every_change_of_a_credential_is_applied()
    {
        var original = Credential("a");
        var changes = new Dictionary<string, TenantCredential>
        {
            [nameof(TenantCredential.SecretSha256)] = original with { SecretSha256 = RunningGateway.Hash("another") },
            [nameof(TenantCredential.Matchers)] = original with { Matchers = [new ScopeMatcher("space_id", "=", "another")] },
            [nameof(TenantCredential.Plan)] = original with { Plan = "another" },
            [nameof(TenantCredential.NotAfter)] = original with { NotAfter = DateTimeOffset.UnixEpoch },
        };
        TenantCredential[] otherMatchers =
        [
            original with
            {
                Matchers = [new ScopeMatcher("organization_id", "=", "a")],
            },
            original with
            {
                Matchers = [new ScopeMatcher("space_id", "=~", "a")],
            },
            original with
            {
                Matchers = [.. original.Matchers, new ScopeMatcher("organization_id", "=", "o")],
            },
            original with
            {
                Matchers = [],
            },
        ];
        var before = Snapshot(null, original);

        Assert.Equal(
            typeof(TenantCredential)
                .GetProperties()
                .Select(property => property.Name)
                .Where(name => name is not nameof(TenantCredential.Username) and not "EqualityContract")
                .Order(),
            changes.Keys.Order()
        );
        Assert.All(changes.Values.Concat(otherMatchers), changed => Assert.NotSame(before.Find("a"), Snapshot(before, changed).Find("a")));
        Assert.Same(before.Find("a"), Snapshot(before, Credential("a")).Find("a"));
    }

    [Fact]
    public void A_credential_that_matches_nothing_causes_a_warning_in_every_snapshot()
    {
        var unscoped = Credential("a") with { Matchers = [] };
        var before = Snapshot(null, unscoped);

        Assert.Equal(before.Warnings, Snapshot(before, unscoped).Warnings);
        Assert.Single(before.Warnings);
    }

    private static CredentialSnapshot Snapshot(CredentialSnapshot? previous, params TenantCredential[] credentials)
    {
        var snapshot = CredentialSnapshot.Create(new CredentialFeed(credentials), previous, out var fault);
        Assert.Null(fault);
        return snapshot!;
    }

    private static TenantCredential Credential(string username) =>
        new(username, RunningGateway.Hash(username), [new ScopeMatcher("space_id", "=", username)], "space");

    private static VectorSelector[] SelectorsOf(ReceivedRequest request) =>
        UpstreamSelectors.In(request).ToArray() is { Length: > 0 } some ? some : throw new InvalidOperationException("no selectors");

    /// <summary>Returns whether no value satisfies two of the matchers on one label.</summary>
    private static bool Contradicts(VectorSelector selector)
    {
        var equal = selector.Matchers.Where(m => m.Type == MatchType.Equal).ToArray();
        return equal.Any(one => equal.Any(other => other.Name == one.Name && other.Value != one.Value));
    }
}
