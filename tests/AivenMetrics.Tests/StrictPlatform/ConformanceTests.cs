using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Conformance;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Xunit;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>The conformance checks find what is wrong, and nothing else.</summary>
public sealed class ConformanceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broker_that_conforms_is_found_faultless_and_is_left_empty(bool asynchronous)
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
    public void Every_check_names_a_requirement_that_is_known()
    {
        Assert.All(ConformanceRun.Checks, check => Assert.Equal(check.Requirement, Requirements.Get(check.Requirement).Id));
        Assert.Equal(
            ConformanceRun.Checks.Count,
            ConformanceRun.Checks.Select(check => (check.Requirement, check.Statement)).Distinct().Count()
        );
    }

    /// <summary>What is spoilt, and the requirement that must be found violated.</summary>
    public static TheoryData<string, string> Violations =>
        new()
        {
            { "any password opens", "1" },
            { "an unauthenticated provision works", "3" },
            { "401 without WWW-Authenticate", "4" },
            { "no version is a 500", "5" },
            { "version 3.0 is a 404", "6" },
            { "version 2.100 is refused", "7" },
            { "the request identity is forgotten on errors", "8" },
            { "text/plain answers", "13" },
            { "a wrong content type is 415", "14" },
            { "an empty description", "16" },
            { "instance_usable in a bind's error", "17" },
            { "ConcurrencyError with 409", "20" },
            { "encoded ids are not decoded", "21" },
            { "a field of a wrong type is a 500", "23" },
            { "two plans of one id", "28" },
            { "a schema of draft-07", "B5" },
            { "the catalog is never 304", "35" },
            { "the replay of a provision is 409", "59" },
            { "another space is 200", "60" },
            { "a missing field is 422", "61" },
            { "an unknown version is taken", "65" },
            { "a fetched dashboard_url is null", "B4" },
            { "an unknown instance is fetched as 410", "71" },
            { "an update loses the parameters", "79" },
            { "no service_id in an update is fine", "78" },
            { "an empty body to an update", "B4" },
            { "the replay of a bind has other credentials", "91" },
            { "another app is 200", "92" },
            { "all bindings share a password", "97" },
            { "a rotation is 422", "105" },
            { "an unknown predecessor is taken", "104" },
            { "the last operation of the unknown is 410", "50" },
            { "the state is done", "47" },
            { "an unbind of the unknown is 404", "117" },
            { "a delete without plan_id works", "116" },
            { "a wrong plan_id is 410", "120" },
            { "a second 201", "69" },
            { "202 though not accepted", "41" },
            { "credentials in a 202", "90" },
            { "an operation of null", "B4" },
        };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_violation_is_found(string what, string requirement)
    {
        await using var broker = await FakeBroker.StartAsync(
            asynchronous: what.Contains("202", StringComparison.Ordinal) || what.Contains("operation of null", StringComparison.Ordinal)
        );
        BrokerViolations.Apply(broker, what);
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
