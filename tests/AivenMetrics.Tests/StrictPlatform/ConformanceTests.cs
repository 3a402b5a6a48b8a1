using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Conformance;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>Tests that the conformance checks report every violation and no others.</summary>
public sealed class ConformanceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_conforming_broker_has_no_violations_and_no_resources_remain(bool asynchronous)
    {
        await using var broker = await FakeBroker.StartAsync(asynchronous);

        var results = await RunAsync(broker);

        Assert.Equal(
            [],
            results
                .Where(result => result.Outcome == CheckOutcome.Violated)
                .Select(result => $"{result.Requirement.Id} {result.Statement}: {string.Join("; ", result.Observations)}")
        );
        Assert.True(results.Count(result => result.Outcome == CheckOutcome.Passed) > 60);
        Assert.Equal(0, broker.ResourceCount);
    }

    [Fact]
    public void Every_check_refers_to_an_existing_requirement()
    {
        Assert.All(ConformanceRun.Checks, check => Assert.Equal(check.Requirement, Requirements.Get(check.Requirement).Id));
        Assert.Equal(
            ConformanceRun.Checks.Count,
            ConformanceRun.Checks.Select(check => (check.Requirement, check.Statement)).Distinct().Count()
        );
    }

    /// <summary>The violations of <see cref="BrokerViolations"/>, each with the requirement that the checks must report.</summary>
    public static TheoryData<string, string> Violations =>
        new()
        {
            { "any password is accepted", "1" },
            { "an unauthenticated provision creates an instance", "3" },
            { "a 401 has no WWW-Authenticate header", "4" },
            { "a request without a version is 500", "5" },
            { "version 3.0 is 404", "6" },
            { "version 2.100 is rejected", "7" },
            { "errors have no request identity", "8" },
            { "responses are text/plain", "13" },
            { "a wrong content type is 415", "14" },
            { "an error has an empty description", "16" },
            { "a bind error has instance_usable", "17" },
            { "ConcurrencyError is 409", "20" },
            { "encoded ids are not decoded", "21" },
            { "a field of a wrong type is 500", "23" },
            { "two plans have the same id", "28" },
            { "a schema uses draft-07", "B5" },
            { "the catalog is never 304", "35" },
            { "a repeated provision is 409", "59" },
            { "a repeated provision in another space is 200", "60" },
            { "a missing field is 422", "61" },
            { "an unknown maintenance version is accepted", "65" },
            { "a fetched dashboard_url is null", "B4" },
            { "an unknown instance is fetched as 410", "71" },
            { "an update removes the parameters", "79" },
            { "an update without service_id is 200", "78" },
            { "an update response has an empty body", "B4" },
            { "a repeated bind has other credentials", "91" },
            { "a repeated bind for another app is 200", "92" },
            { "all bindings have the same password", "97" },
            { "a rotation is 422", "105" },
            { "an unknown predecessor is accepted", "104" },
            { "the last operation of an unknown resource is 410", "50" },
            { "the state of an operation is 'done'", "47" },
            { "an unbind of an unknown binding is 404", "117" },
            { "a delete without plan_id is 200", "116" },
            { "a delete with a wrong plan_id is 410", "120" },
            { "a repeated PUT is 201", "69" },
            { "202 to a request that does not accept it", "41" },
            { "a bind with 202 has credentials", "90" },
            { "202 with an operation of null", "B4" },
        };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_violation_is_reported(string violation, string requirement)
    {
        await using var broker = await FakeBroker.StartAsync(
            asynchronous: violation.Contains("202", StringComparison.Ordinal)
                || violation.Contains("operation of null", StringComparison.Ordinal)
        );
        BrokerViolations.Apply(broker, violation);
        string[] only =
            requirement is "B4" ? ["70", "76", "89"]
            : requirement is "4" or "13" or "16" or "20" or "41" or "17" ? ["1", "57", "61", "93", "39", "69"]
            : [requirement];

        var results = await RunAsync(broker, only);

        Assert.Contains(results, result => result.Outcome == CheckOutcome.Violated && result.Requirement.Id == requirement);
    }

    private static async Task<IReadOnlyList<CheckResult>> RunAsync(FakeBroker broker, params string[] only)
    {
        using var client = new BrokerClient(
            new BrokerConnection(broker.Url, "broker", "secret", "2.17", null, TimeSpan.FromSeconds(30)),
            TimeProvider.System
        );
        var options = new ConformanceOptions(
            new PlatformTenant(PlatformProfile.CloudFoundry, "org-1", "Org", "space-1", "Space"),
            null,
            null,
            new JsonObject { ["size"] = 1 },
            null,
            null,
            only,
            TimeSpan.FromMilliseconds(1),
            TimeSpan.FromSeconds(20)
        );
        return await new ConformanceRun(client, options, TimeProvider.System).RunAsync(
            new Progress<CheckResult>(),
            TestContext.Current.CancellationToken
        );
    }
}
