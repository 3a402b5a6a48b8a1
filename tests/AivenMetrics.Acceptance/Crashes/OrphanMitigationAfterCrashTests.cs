using System.Net;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>The platform deletes every resource whose creation got no response (OSB API v2.17, "Orphan Mitigation").</summary>
public sealed class OrphanMitigationAfterCrashTests(CrashingBrokerFixture broker) : CrashTestBase(broker)
{
    /// <summary>Minimum number of writes, so that the trap misses none: instance, binding, and the audit trail.</summary>
    private const int FewestWrites = 5;

    [Theory]
    [InlineData(CrashMoment.Statement)]
    [InlineData(CrashMoment.Commit)]
    public async Task Osb_125_after_a_kill_at_any_write_of_a_create_orphan_mitigation_cleans_up(CrashMoment moment)
    {
        var write = 1;
        while (await MitigatedAsync(write, moment))
        {
            write++;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"The broker died at {write - 1} writes.");
        Assert.True(write > FewestWrites, $"There were only {write - 1} writes.");
    }

    /// <summary>Provisions and binds, and deletes whatever got no response; false: the broker was not killed.</summary>
    private async Task<bool> MitigatedAsync(int write, CrashMoment moment)
    {
        await using var death = await CrashedBroker.AtWriteAsync(write, moment, Broker);
        var (instance, binding) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());

        var provisioned = await death.SendAsync(Provision(instance));
        var bound = provisioned is null ? null : await death.SendAsync(platform => platform.TryBindAsync(instance, binding));
        await death.CallOffAsync();
        // It is safe to repeat, and to send for resources that were never created (docs/osb-conformance.md 125).
        foreach (var again in (bool[])[false, true])
        {
            ExpectDeleted(await death.SendAsync(Unbind(instance, binding)), bound is not null && !again);
            ExpectDeleted(await death.SendAsync(Deprovision(instance)), provisioned is not null && !again);
        }

        await NothingIsLeftAsync(instance);
        return death.Happened;
    }

    private static void ExpectDeleted(OsbResponse? answer, bool wasThere)
    {
        HttpStatusCode[] right = wasThere ? [HttpStatusCode.OK] : [HttpStatusCode.OK, HttpStatusCode.Gone];
        Assert.True(right.Contains(answer!.Status), $"{answer.Status}: {answer.Body}");
    }
}
