using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using Xunit;

namespace AivenMetrics.Tests.Broker.State;

public sealed class ScopeMatchersTests
{
    private static readonly SpaceOwner Owner = new("org", "space.*");

    [Fact]
    public void A_space_is_matched_as_it_is_in_its_organization() =>
        Assert.Equal(
            [new ScopeMatcher("organization_id", "=", "org"), new ScopeMatcher("space_id", "=", "space.*")],
            ScopeMatchers.Create(PlanScope.Space, Owner, [])
        );

    [Fact]
    public void Services_are_alternatives_that_match_only_themselves_and_only_while_they_are_the_owners() =>
        Assert.Equal(
            [
                .. ScopeMatchers.Create(PlanScope.Space, Owner, []),
                new ScopeMatcher("service_instance_id", "=~", @"a\|\.\*|b\(\)\[\]\{\}\^\$\\\+\?"),
            ],
            ScopeMatchers.Create(PlanScope.Services, Owner, [@"b()[]{}^$\+?", "a|.*"])
        );

    [Fact]
    public void Nothing_named_and_no_space_cover_nothing()
    {
        Assert.Empty(ScopeMatchers.Create(PlanScope.Services, Owner, []));
        Assert.Empty(ScopeMatchers.Create(PlanScope.Space, Owner with { SpaceId = "" }, []));
        Assert.Empty(ScopeMatchers.Create(PlanScope.Services, Owner with { OrganizationId = "" }, ["a"]));
    }
}
