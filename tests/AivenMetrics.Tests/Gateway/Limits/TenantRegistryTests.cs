using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.PromQL;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using MatchType = AivenMetrics.PromQL.MatchType;

namespace AivenMetrics.Tests.Gateway.Limits;

/// <summary>Credentials of one owner share limits and usage, which are removed after an idle time.</summary>
public sealed class TenantRegistryTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly TenantRegistry _registry;

    public TenantRegistryTests() => _registry = new TenantRegistry(new TenantLimitsProvider(new GatewayOptions()), _time);

    public void Dispose() => _registry.Dispose();

    [Fact]
    public void Credentials_of_one_owner_share_the_limits_of_a_plan()
    {
        var one = _registry.BeginRequest(Owned("services", Regex("service_instance_id", "b|a")));
        var two = _registry.BeginRequest(Owned("services", Regex("service_instance_id", "c")));
        var space = _registry.BeginRequest(Owned("space"));

        Assert.Same(one.Account, two.Account);
        Assert.NotSame(one, two);
        Assert.NotSame(one.Account, space.Account);
        Assert.Equal("o/s", one.Tenant.Name);
    }

    [Fact]
    public void Usage_is_labelled_with_the_matchers_of_the_scope()
    {
        Assert.Equal("""organization_id="o",space_id="s",plan="space" """.Trim(), Owned("space").UsageLabels);
        Assert.Equal(
            """organization_id="o",service_instance_id="a.x",space_id="s",plan="p" """.Trim(),
            Owned("p", Regex("service_instance_id", @"b|a\.x")).UsageLabels
        );
        Assert.Equal("""space_id="a\"b\\c\n",plan="p" """.Trim(), Of("p", Equal("space_id", "a\"b\\c\n")).UsageLabels);
    }

    [Fact]
    public void A_scope_without_certain_values_gives_no_labels()
    {
        Assert.Null(Of("p", Regex("space_id", "a.*")).UsageLabels);
        Assert.Null(Of("p", Equal("space_id", "a"), Equal("space_id", "b")).UsageLabels);
        Assert.Null(Of("p", Equal("code", "a")).UsageLabels);
        Assert.Null(Tenant.Create(TenantScope.Nothing, "{}", "p").UsageLabels);
    }

    [Fact]
    public void Owners_with_the_same_joined_name_are_separate()
    {
        var one = Of("p", Equal("organization_id", "a/b"), Equal("space_id", "c"));
        var two = Of("p", Equal("organization_id", "a"), Equal("space_id", "b/c"));
        Assert.Equal(one.Name, two.Name);
        Assert.NotEqual(one.Key, two.Key);
        Assert.NotSame(_registry.BeginRequest(one).Account, _registry.BeginRequest(two).Account);
    }

    [Fact]
    public void A_tenant_that_is_idle_for_an_hour_is_removed()
    {
        var idle = _registry.BeginRequest(Of("p", Equal("space_id", "idle")));
        idle.EndRequest(200, TimeSpan.Zero, 1, null);
        _time.Advance(TimeSpan.FromMinutes(59));
        var busy = _registry.BeginRequest(Of("p", Equal("space_id", "busy")));
        busy.EndRequest(200, TimeSpan.Zero, 1, null);
        _registry.RemoveIdle();
        Assert.Equal((2, 2), (_registry.Usages.Count, _registry.AccountCount));

        _time.Advance(TimeSpan.FromMinutes(2));
        _registry.RemoveIdle();

        Assert.Same(busy, Assert.Single(_registry.Usages));
        Assert.Equal(1, _registry.AccountCount);
        Assert.NotSame(idle, _registry.BeginRequest(idle.Tenant));
    }

    [Fact]
    public void A_tenant_with_an_open_request_is_not_removed()
    {
        var slow = _registry.BeginRequest(Owned("p"));
        _time.Advance(TimeSpan.FromHours(3));
        _registry.RemoveIdle();
        Assert.Same(slow, Assert.Single(_registry.Usages));
        slow.EndRequest(200, TimeSpan.FromHours(3), 1, null);
        _registry.RemoveIdle();
        Assert.Empty(_registry.Usages);
        Assert.Equal(0, _registry.AccountCount);
    }

    [Fact]
    public void Many_idle_tenants_are_removed_with_their_accounts()
    {
        for (var i = 0; i < 10_000; i++)
        {
            _registry.BeginRequest(Of("p", Equal("space_id", $"s{i}"))).EndRequest(200, TimeSpan.Zero, 1, "requests_per_second");
        }
        Assert.Equal(10_000, _registry.AccountCount);
        _time.Advance(TenantRegistry.IdleTimeout);
        _registry.RemoveIdle();
        Assert.Empty(_registry.Usages);
        Assert.Equal(0, _registry.AccountCount);
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
