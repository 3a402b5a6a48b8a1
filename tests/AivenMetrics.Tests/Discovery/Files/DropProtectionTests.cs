using AivenMetrics.Discovery.Files;
using Xunit;

namespace AivenMetrics.Tests.Discovery.Files;

public sealed class DropProtectionTests
{
    private static readonly TimeSpan Hold = TimeSpan.FromSeconds(90);
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    [Theory]
    [InlineData("a fifth goes at once", 10, 8, 8)]
    [InlineData("more than a fifth is kept", 10, 7, 10)]
    [InlineData("everything is kept", 10, 0, 10)]
    [InlineData("the only node is kept", 1, 0, 1)]
    [InlineData("three of fifteen is a fifth", 15, 12, 12)]
    [InlineData("more targets go through", 3, 30, 30)]
    [InlineData("nothing was there", 0, 5, 5)]
    public void A_cycle_that_would_remove_more_than_a_fifth_is_held_back(string because, int before, int after, int written)
    {
        var (plan, held) = new DropProtection(0.2, Hold).Apply(Of(Nodes(before)), Of(Nodes(after)), Start);
        Assert.True(written == plan.Projects.Single().TargetCount, because);
        Assert.Equal(written > after, held.ContainsKey("demo"));
    }

    [Fact]
    public void A_held_back_target_is_removed_after_the_hold_time()
    {
        var holdBack = new DropProtection(0.2, Hold);
        var written = Of(Nodes(10));
        foreach (var (second, expected) in new[] { (0, 10), (30, 10), (60, 10), (89, 10), (90, 4) })
        {
            written = holdBack.Apply(written, Of(Nodes(4)), Start.AddSeconds(second)).Plan;
            Assert.Equal(expected, written.Projects.Single().TargetCount);
        }
    }

    [Fact]
    public void A_loss_during_a_hold_has_its_own_hold_time()
    {
        var holdBack = new DropProtection(0.2, Hold);
        var written = holdBack.Apply(Of(Nodes(10)), Of(Nodes(7)), Start).Plan;
        written = holdBack.Apply(written, Of([]), Start.AddSeconds(60)).Plan;
        written = holdBack.Apply(written, Of([]), Start.AddSeconds(90)).Plan;
        Assert.Equal(7, written.Projects.Single().TargetCount);
        Assert.Equal(7, holdBack.Apply(written, Of(Nodes(7)), Start.AddSeconds(120)).Plan.Projects.Single().TargetCount);
    }

    [Fact]
    public void A_returning_target_gets_a_new_hold_time()
    {
        var holdBack = new DropProtection(0.2, Hold);
        var all = Of(Nodes(4));
        holdBack.Apply(all, Of([]), Start);
        holdBack.Apply(all, all, Start.AddSeconds(80));
        Assert.Equal(4, holdBack.Apply(all, Of([]), Start.AddSeconds(100)).Plan.Projects.Single().TargetCount);
    }

    [Fact]
    public void New_nodes_and_new_labels_are_not_held_back_with_the_missing_ones()
    {
        var before = Of(["10.0.0.1"], ("space_id", "old"));
        var (plan, _) = new DropProtection(0.2, Hold).Apply(before, Of(["10.0.0.2"], ("space_id", "new")), Start);
        var host = plan.Projects.Single().Hosts.Single();
        Assert.Equal(["10.0.0.1", "10.0.0.2"], host.Addresses);
        Assert.Equal("new", host.Labels["space_id"]);
    }

    [Fact]
    public void A_host_that_is_missing_from_the_feed_keeps_its_job_with_its_targets()
    {
        var before = Of(Nodes(3), ("space_id", "s"));
        var (plan, _) = new DropProtection(0.2, Hold).Apply(before, new([before.Projects[0] with { Hosts = [] }]), Start);
        Assert.Equal(before.Projects[0].Hosts.Single().Host, plan.Projects.Single().Hosts.Single().Host);
    }

    [Fact]
    public void Without_a_hold_time_targets_are_removed_at_once() =>
        Assert.Equal(0, new DropProtection(0.2, TimeSpan.Zero).Apply(Of(Nodes(10)), Of([]), Start).Plan.Projects.Single().TargetCount);

    [Fact]
    public void The_share_is_computed_per_project()
    {
        var small = new ProjectPlan("small", "u", [Host(["10.9.0.1"])]);
        var before = TargetPlan.Create([Of(Nodes(50)).Projects[0], small]);
        var after = TargetPlan.Create([before.FindProject("demo")!, small with { Hosts = [] }]);
        Assert.Equal(1, new DropProtection(0.2, Hold).Apply(before, after, Start).Held["small"]);
    }

    private static string[] Nodes(int count) => [.. Enumerable.Range(1, count).Select(i => $"10.0.0.{i}")];

    private static TargetPlan Of(string[] addresses, params (string Name, string Value)[] labels) =>
        new([new("demo", "u", [Host(addresses, labels)])]);

    private static HostPlan Host(string[] addresses, params (string Name, string Value)[] labels) =>
        new("es.test", 9273, "/metrics", labels.ToDictionary(l => l.Name, l => l.Value), addresses);
}
