using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class ScopeMatchersTests
{
    private static readonly OwningSpace Owner = new("org", "space.*");

    [Fact]
    public void A_space_is_matched_together_with_its_organization() =>
        Assert.Equal(
            [new ScopeMatcher("organization_id", "=", "org"), new ScopeMatcher("space_id", "=", "space.*")],
            ScopeMatchers.Create(PlanScope.Space, Owner, [])
        );

    [Fact]
    public void Services_are_matched_literally_and_only_while_they_belong_to_the_owner() =>
        Assert.Equal(
            [
                .. ScopeMatchers.Create(PlanScope.Space, Owner, []),
                new ScopeMatcher("service_instance_id", "=~", @"a\|\.\*|b\(\)\[\]\{\}\^\$\\\+\?"),
            ],
            ScopeMatchers.Create(PlanScope.Services, Owner, [@"b()[]{}^$\+?", "a|.*"])
        );

    [Fact]
    public void Without_services_and_space_nothing_is_covered()
    {
        Assert.Empty(ScopeMatchers.Create(PlanScope.Services, Owner, []));
        Assert.Empty(ScopeMatchers.Create(PlanScope.Space, Owner with { SpaceId = "" }, []));
        Assert.Empty(ScopeMatchers.Create(PlanScope.Services, Owner with { OrganizationId = "" }, ["a"]));
    }
}
