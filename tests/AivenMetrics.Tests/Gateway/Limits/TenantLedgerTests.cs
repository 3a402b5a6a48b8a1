using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.PromQL;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>Whose limits and usage a credential counts for, and for how long that is remembered.</summary>
public sealed class TenantLedgerTests : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly TenantLedger ledger;

    public TenantLedgerTests() => ledger = new TenantLedger(new Plans(new GatewayOptions()), time);

    public void Dispose() => ledger.Dispose();

    [Fact]
    public void Credentials_of_one_owner_share_the_limits_of_a_plan()
    {
        var one = ledger.Begin(Owned("services", Regex("service_instance_id", "b|a")));
        var two = ledger.Begin(Owned("services", Regex("service_instance_id", "c")));
        var space = ledger.Begin(Owned("space"));

        Assert.Same(one.Account, two.Account);
        Assert.NotSame(one, two);
        Assert.NotSame(one.Account, space.Account);
        Assert.Equal("o/s", one.Tenant.Name);
    }

    [Fact]
    public void Usage_is_labelled_with_what_the_scope_asks_for()
    {
        Assert.Equal("""organization_id="o",space_id="s",plan="space" """.Trim(), Owned("space").UsageLabels);
        Assert.Equal("""organization_id="o",service_instance_id="a.x",space_id="s",plan="p" """.Trim(), Owned("p", Regex("service_instance_id", @"b|a\.x")).UsageLabels);
        Assert.Equal("""space_id="a\"b\\c\n",plan="p" """.Trim(), Of("p", Equal("space_id", "a\"b\\c\n")).UsageLabels);
    }

    [Fact]
    public void A_scope_that_may_mean_more_than_it_lists_gives_no_labels()
    {
        Assert.Null(Of("p", Regex("space_id", "a.*")).UsageLabels);
        Assert.Null(Of("p", Equal("space_id", "a"), Equal("space_id", "b")).UsageLabels);
        Assert.Null(Of("p", Equal("code", "a")).UsageLabels);
        Assert.Null(Tenant.Of(TenantScope.Nothing, "{}", "p").UsageLabels);
    }

    [Fact]
    public void Owners_whose_names_run_together_stay_apart()
    {
        var one = Of("p", Equal("organization_id", "a/b"), Equal("space_id", "c"));
        var two = Of("p", Equal("organization_id", "a"), Equal("space_id", "b/c"));
        Assert.Equal(one.Name, two.Name);
        Assert.NotEqual(one.Key, two.Key);
        Assert.NotSame(ledger.Begin(one).Account, ledger.Begin(two).Account);
    }

    [Fact]
    public void Who_has_not_asked_for_an_hour_is_forgotten()
    {
        var idle = ledger.Begin(Of("p", Equal("space_id", "idle")));
        idle.End(200, TimeSpan.Zero, 1, null);
        time.Advance(TimeSpan.FromMinutes(59));
        var busy = ledger.Begin(Of("p", Equal("space_id", "busy")));
        busy.End(200, TimeSpan.Zero, 1, null);
        ledger.Sweep();
        Assert.Equal((2, 2), (ledger.All.Count, ledger.Accounts));

        time.Advance(TimeSpan.FromMinutes(2));
        ledger.Sweep();

        Assert.Same(busy, Assert.Single(ledger.All));
        Assert.Equal(1, ledger.Accounts);
        Assert.NotSame(idle, ledger.Begin(idle.Tenant));
    }

    [Fact]
    public void Who_is_being_answered_is_not_forgotten()
    {
        var slow = ledger.Begin(Owned("p"));
        time.Advance(TimeSpan.FromHours(3));
        ledger.Sweep();
        Assert.Same(slow, Assert.Single(ledger.All));
        slow.End(200, TimeSpan.FromHours(3), 1, null);
        ledger.Sweep();
        Assert.Empty(ledger.All);
        Assert.Equal(0, ledger.Accounts);
    }

    [Fact]
    public void The_memory_of_many_tenants_goes_with_them()
    {
        for (var i = 0; i < 10_000; i++)
            ledger.Begin(Of("p", Equal("space_id", $"s{i}"))).End(200, TimeSpan.Zero, 1, "requests_per_second");
        Assert.Equal(10_000, ledger.Accounts);
        time.Advance(TenantLedger.Idle);
        ledger.Sweep();
        Assert.Empty(ledger.All);
        Assert.Equal(0, ledger.Accounts);
    }

    private static LabelMatcher Equal(string name, string value) => new(name, MatchType.Equal, value);

    private static LabelMatcher Regex(string name, string value) => new(name, MatchType.Regex, value);

    private static Tenant Owned(string plan, params LabelMatcher[] more) => Of(plan, [Equal("organization_id", "o"), Equal("space_id", "s"), .. more]);

    private static Tenant Of(string plan, params LabelMatcher[] matchers)
    {
        var scope = new TenantScope(matchers);
        return Tenant.Of(scope, Printer.Print(scope.Everything), plan);
    }
}
