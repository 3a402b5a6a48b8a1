using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.PromQL;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>Whose limits and usage a credential counts for, and for how long that is remembered.</summary>
public sealed class TenantRegistryTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TenantRegistry _ledger;

    public TenantRegistryTests() => _ledger = new TenantRegistry(new TenantLimitsProvider(new GatewayOptions()), _time);

    public void Dispose() => _ledger.Dispose();

    [Fact]
    public void Credentials_of_one_owner_share_the_limits_of_a_plan()
    {
        var one = _ledger.BeginRequest(Owned("services", Regex("service_instance_id", "b|a")));
        var two = _ledger.BeginRequest(Owned("services", Regex("service_instance_id", "c")));
        var space = _ledger.BeginRequest(Owned("space"));

        Assert.Same(one.Account, two.Account);
        Assert.NotSame(one, two);
        Assert.NotSame(one.Account, space.Account);
        Assert.Equal("o/s", one.Tenant.Name);
    }

    [Fact]
    public void Usage_is_labelled_with_what_the_scope_asks_for()
    {
        Assert.Equal("""organization_id="o",space_id="s",plan="space" """.Trim(), Owned("space").UsageLabels);
        Assert.Equal(
            """organization_id="o",service_instance_id="a.x",space_id="s",plan="p" """.Trim(),
            Owned("p", Regex("service_instance_id", @"b|a\.x")).UsageLabels
        );
        Assert.Equal("""space_id="a\"b\\c\n",plan="p" """.Trim(), Of("p", Equal("space_id", "a\"b\\c\n")).UsageLabels);
    }

    [Fact]
    public void A_scope_that_may_mean_more_than_it_lists_gives_no_labels()
    {
        Assert.Null(Of("p", Regex("space_id", "a.*")).UsageLabels);
        Assert.Null(Of("p", Equal("space_id", "a"), Equal("space_id", "b")).UsageLabels);
        Assert.Null(Of("p", Equal("code", "a")).UsageLabels);
        Assert.Null(Tenant.Create(TenantScope.Nothing, "{}", "p").UsageLabels);
    }

    [Fact]
    public void Owners_whose_names_run_together_stay_apart()
    {
        var one = Of("p", Equal("organization_id", "a/b"), Equal("space_id", "c"));
        var two = Of("p", Equal("organization_id", "a"), Equal("space_id", "b/c"));
        Assert.Equal(one.Name, two.Name);
        Assert.NotEqual(one.Key, two.Key);
        Assert.NotSame(_ledger.BeginRequest(one).Account, _ledger.BeginRequest(two).Account);
    }

    [Fact]
    public void Who_has_not_asked_for_an_hour_is_forgotten()
    {
        var idle = _ledger.BeginRequest(Of("p", Equal("space_id", "idle")));
        idle.EndRequest(200, TimeSpan.Zero, 1, null);
        _time.Advance(TimeSpan.FromMinutes(59));
        var busy = _ledger.BeginRequest(Of("p", Equal("space_id", "busy")));
        busy.EndRequest(200, TimeSpan.Zero, 1, null);
        _ledger.RemoveIdle();
        Assert.Equal((2, 2), (_ledger.Usages.Count, _ledger.AccountCount));

        _time.Advance(TimeSpan.FromMinutes(2));
        _ledger.RemoveIdle();

        Assert.Same(busy, Assert.Single(_ledger.Usages));
        Assert.Equal(1, _ledger.AccountCount);
        Assert.NotSame(idle, _ledger.BeginRequest(idle.Tenant));
    }

    [Fact]
    public void Who_is_being_answered_is_not_forgotten()
    {
        var slow = _ledger.BeginRequest(Owned("p"));
        _time.Advance(TimeSpan.FromHours(3));
        _ledger.RemoveIdle();
        Assert.Same(slow, Assert.Single(_ledger.Usages));
        slow.EndRequest(200, TimeSpan.FromHours(3), 1, null);
        _ledger.RemoveIdle();
        Assert.Empty(_ledger.Usages);
        Assert.Equal(0, _ledger.AccountCount);
    }

    [Fact]
    public void The_memory_of_many_tenants_goes_with_them()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _ledger.BeginRequest(Of("p", Equal("space_id", $"s{i}"))).EndRequest(200, TimeSpan.Zero, 1, "requests_per_second");
        }
        Assert.Equal(10_000, _ledger.AccountCount);
        _time.Advance(TenantRegistry.IdleTimeout);
        _ledger.RemoveIdle();
        Assert.Empty(_ledger.Usages);
        Assert.Equal(0, _ledger.AccountCount);
    }

    private static LabelMatcher Equal(string name, string value) => new(name, MatchType.Equal, value);

    private static LabelMatcher Regex(string name, string value) => new(name, MatchType.Regex, value);

    private static Tenant Owned(string plan, params LabelMatcher[] more) =>
        Of(plan, [Equal("organization_id", "o"), Equal("space_id", "s"), .. more]);

    private static Tenant Of(string plan, params LabelMatcher[] matchers)
    {
        var scope = new TenantScope(matchers);
        return Tenant.Create(scope, Printer.Print(scope.Selector), plan);
    }
}
