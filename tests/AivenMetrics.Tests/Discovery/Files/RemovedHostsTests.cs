using AivenMetrics.Discovery.Files;
using Xunit;

namespace AivenMetrics.Tests.Discovery.Files;

public sealed class RemovedHostsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Fact]
    public void The_job_of_a_removed_host_remains_without_targets_for_the_retention_time()
    {
        var written = Of(Host("a"), Host("b"));
        foreach (var (minute, expected) in new[] { (0, "a b-"), (1, "a b-"), (4, "a b-"), (5, "a"), (6, "a") })
        {
            written = RemovedHosts.KeepJobs(written, Of(Host("a")), Start.AddMinutes(minute));
            Assert.Equal(expected, Describe(written));
        }
    }

    [Fact]
    public void A_returning_host_is_a_normal_host_and_can_be_removed_again()
    {
        var gone = RemovedHosts.KeepJobs(Of(Host("a")), Of(), Start);
        var back = RemovedHosts.KeepJobs(gone, Of(Host("A")), Start.AddMinutes(4));
        Assert.Equal("A", Describe(back));
        Assert.Equal("A-", Describe(RemovedHosts.KeepJobs(back, Of(), Start.AddMinutes(6))));
    }

    [Fact]
    public void A_project_that_is_not_ready_keeps_its_hosts_except_removed_ones()
    {
        var written = RemovedHosts.KeepJobs(Of(Host("a"), Host("b")), Of(Host("a")), Start);
        var wanted = TargetPlanner.CreatePlan(new([new("demo", false, null, null, [])]), isLive: true, written);
        Assert.Equal("a", Describe(wanted.Plan));
    }

    private static string Describe(TargetPlan plan) =>
        string.Join(
            ' ',
            plan.Projects.Single().Hosts.Select(host => host.Host + (host is { GoneSince: not null, Addresses.Count: 0 } ? "-" : ""))
        );

    private static HostPlan Host(string name) => new(name, 9273, "/metrics", new Dictionary<string, string>(), ["192.0.2.1"]);

    private static TargetPlan Of(params HostPlan[] hosts) => new([new("demo", "user", hosts)]);
}
