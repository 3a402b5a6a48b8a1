using System.Net;
using AivenMetrics.PromQL;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Authentication;

public sealed class CredentialSnapshotTests
{
    /// <summary>Each of these would accept series that do not carry the label.</summary>
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
    public async Task A_credential_that_is_no_scope_sees_nothing(string matchers)
    {
        await using var prometheus = await ScriptedPrometheus.StartAsync();
        await using var gateway = await RunningGateway.StartAsync([prometheus.Url], RunningGateway.TenantsJson(RunningGateway.Tenant(RunningGateway.A, matchers)));

        using var query = await gateway.GetAsync("/api/v1/query?query=up");
        using var labels = await gateway.GetAsync("/api/v1/labels");

        Assert.Equal(HttpStatusCode.OK, query.StatusCode);
        Assert.Equal(HttpStatusCode.OK, labels.StatusCode);
        Assert.All(prometheus.Requests, request => Assert.True(
            SelectorsOf(request).All(Contradicts), $"{request.Query}{string.Join(' ', request.Matches)} can match a series"));
        Assert.Contains(gateway.Log, line => line.Contains("Credential tenant-a sees nothing", StringComparison.Ordinal));
    }

    private static VectorSelector[] SelectorsOf(Received request) =>
        Selectors.In(request).ToArray() is { Length: > 0 } some ? some : throw new InvalidOperationException("nothing was asked");

    /// <summary>There are two matchers on one label that no value satisfies.</summary>
    private static bool Contradicts(VectorSelector selector)
    {
        var equal = selector.Matchers.Where(m => m.Type == MatchType.Equal).ToArray();
        return equal.Any(one => equal.Any(other => other.Name == one.Name && other.Value != one.Value));
    }
}
