using AivenMetrics.Broker.Aiven;
using AivenMetrics.Broker.Reconciliation;
using AivenMetrics.Broker.State;
using AivenMetrics.Testing;
using Xunit;

namespace AivenMetrics.Tests.Broker.Reconciliation;

/// <summary>The owner of an Aiven service according to its tags: a space or a Kubernetes namespace.</summary>
public sealed class OwnerTagTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static OwningSpace? Owner(params (string Name, string Value)[] tags) => Owner(_ => { }, tags);

    private static OwningSpace? Owner(Action<AivenTagOptions> options, params (string Name, string Value)[] tags)
    {
        var situation = new PlanScenario();
        options(situation.Options.Tags);
        situation.Services = [ReconciliationData.Service() with { Tags = tags.ToDictionary(tag => tag.Name, tag => (string?)tag.Value) }];
        return Assert.Single(situation.Plan().Services).Owner;
    }

    [Fact]
    public void Osb_131_cluster_and_namespace_together_own_a_service()
    {
        Assert.Equal(new OwningSpace("c", "c/n"), Owner(("cluster_id", "c"), ("namespace", "n")));
        Assert.Null(Owner(("cluster_id", "c")));
        Assert.Null(Owner(("namespace", "n")));
        Assert.Null(Owner(("cluster_id", ""), ("namespace", "n")));
    }

    [Fact]
    public void Osb_131_no_tag_can_name_the_namespace_of_another_cluster() => Assert.Null(Owner(("cluster_id", "c"), ("namespace", "n/m")));

    [Fact]
    public void Osb_131_organization_and_space_count_before_cluster_and_namespace()
    {
        Assert.Equal(
            new OwningSpace("o", "s"),
            Owner(("organization_id", "o"), ("space_id", "s"), ("cluster_id", "c"), ("namespace", "n"))
        );
        Assert.Equal(new OwningSpace("c", "c/n"), Owner(("organization_id", "o"), ("cluster_id", "c"), ("namespace", "n")));
    }

    [Fact]
    public void The_names_of_the_tags_are_configurable()
    {
        Assert.Equal(new OwningSpace("c", "c/n"), Owner(Renamed, ("kube", "c"), ("ns", "n")));
        Assert.Null(Owner(Renamed, ("cluster_id", "c"), ("namespace", "n")));

        static void Renamed(AivenTagOptions tags) => (tags.ClusterId, tags.Namespace) = ("kube", "ns");
    }

    [Theory]
    [InlineData("ClusterId")]
    [InlineData("Namespace")]
    public void An_invalid_tag_name_is_an_error(string key)
    {
        var options = new AivenOptions { Token = "token", Projects = { "demo" } };
        typeof(AivenTagOptions).GetProperty(key)!.SetValue(options.Tags, "two words");

        Assert.StartsWith($"Broker:Aiven:Tags:{key} ", Assert.Single(options.Validate()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Osb_131_a_bind_of_a_namespace_integrates_the_services_tagged_with_it_and_no_others()
    {
        await using var bed = await ReconciliationFixture.StartAsync();
        foreach (var (service, name) in new[] { ("forecast-db", "team-a"), ("forecast-cache", "team-b") })
        {
            await bed.AdminAsync(
                HttpMethod.Patch,
                $"/projects/demo/services/{ReconciliationFixture.Seeded(service).Name}",
                new
                {
                    tags = new Dictionary<string, string>
                    {
                        ["cluster_id"] = "c-1",
                        ["namespace"] = name,
                        ["service_id"] = "guid-" + name,
                    },
                }
            );
        }
        Assert.True(
            await bed.Instances.TryInsertAsync(
                new(
                    new("i"),
                    "offering",
                    "plan",
                    PlanScope.Space,
                    new OwningSpace("c-1", "c-1/team-a"),
                    null,
                    "team-a",
                    null,
                    "{}",
                    bed.Time.GetUtcNow()
                ),
                Ct
            )
        );
        await bed.Bindings.TryInsertAsync(
            new(
                new("i"),
                new("b"),
                "plan",
                PlanScope.Space,
                "{}",
                "user",
                "00",
                bed.Secrets.Protect("password", SecretProtector.BindingSecretPurpose),
                [],
                "bind-1",
                OperationState.InProgress,
                "asked for",
                null,
                bed.Time.GetUtcNow()
            ),
            Ct
        );

        await bed.NewCycle().RunAsync(Ct);

        Assert.Equal((ConditionReasons.Integrated, true), await bed.ConditionAsync("forecast-db"));
        Assert.Equal((ConditionReasons.NotNeeded, false), await bed.ConditionAsync("forecast-cache"));
        var owned = Assert.Single(await bed.Inventory.ServicesOfOwnerAsync(new OwningSpace("c-1", "c-1/team-a"), Ct));
        Assert.Equal("guid-team-a", owned.ServiceInstanceId);
    }
}
