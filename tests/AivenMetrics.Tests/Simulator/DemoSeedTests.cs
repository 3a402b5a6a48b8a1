using System.Text.Json.Nodes;
using AivenMetrics.Simulator;
using Xunit;

namespace AivenMetrics.Tests.Simulator;

public class DemoSeedTests
{
    [Fact]
    public async Task The_project_contains_the_ten_services_with_the_tags_of_the_Aiven_broker()
    {
        await using var simulator = await SimulatorHost.StartAsync(options => options.Seed = true);
        var services = (await simulator.CallApiAsync("GET", "/project/demo/service"))["services"].AsArray();
        Assert.Equal(10, services.Count);
        foreach (var demo in DemoSeed.Services("demo"))
        {
            var service = services.Single(row => (string)row!["service_name"]! == demo.Name)!;
            Assert.Equal(demo.Type, (string)service["service_type"]!);
            Assert.Equal(demo.Plan, (string)service["plan"]!);
            Assert.Equal(demo.Powered ? "RUNNING" : "POWEROFF", (string)service["state"]!);
            Assert.Equal(demo.OrganizationId, (string)service["tags"]!["organization_id"]!);
            Assert.Equal(demo.SpaceId, (string)service["tags"]!["space_id"]!);
            Assert.Equal(demo.ServiceInstanceId, (string)service["tags"]!["service_id"]!);
            Assert.Equal("prod", (string)service["tags"]!["deploy_env"]!);
            Assert.Equal("prod-" + demo.ServiceInstanceId, demo.Name);
        }
    }

    [Fact]
    public void Two_organizations_own_three_spaces_and_every_space_has_services_that_can_be_scraped()
    {
        Assert.Equal(2, DemoSeed.Organizations.Count);
        Assert.Equal(3, DemoSeed.Spaces.Count);
        Assert.All(DemoSeed.Spaces, space =>
        {
            Assert.Contains(DemoSeed.Organizations, organization => organization.Id == space.OrganizationId);
            Assert.True(DemoSeed.Services("demo").Count(service => service.SpaceId == space.Id && service.Type != "influxdb") >= 2);
        });
        Assert.All(DemoSeed.Services("demo"), service =>
            Assert.Contains(DemoSeed.Spaces, space => space.Id == service.SpaceId && space.OrganizationId == service.OrganizationId)
        );
        Assert.Equal(10, DemoSeed.Services("demo").Select(service => service.ServiceInstanceId).Distinct().Count());
        Assert.All(DemoSeed.Services("demo"), service => Assert.True(Guid.TryParse(service.ServiceInstanceId, out _)));
    }

    [Fact]
    public void The_seed_contains_the_main_types_one_hobbyist_plan_and_one_powered_off_service()
    {
        var services = DemoSeed.Services("demo");
        var types = services.Select(service => service.Type).ToHashSet();
        Assert.Superset(new HashSet<string> { "opensearch", "pg", "valkey", "kafka", "mysql" }, types);
        Assert.Single(services, service => service.Plan == "hobbyist");
        Assert.Single(services, service => !service.Powered);
    }

    [Fact]
    public async Task The_admin_API_returns_the_seed()
    {
        await using var simulator = await SimulatorHost.StartAsync(options => (options.Seed, options.Project) = (true, "other"));
        var seed = await simulator.CallAdminAsync("GET", "/seed");
        Assert.Equal(2, seed["organizations"].AsArray().Count);
        Assert.Equal(3, seed["spaces"].AsArray().Count);
        Assert.Equal(10, seed["services"].AsArray().Count);
        Assert.All(seed["services"].AsArray(), (JsonNode? service) => Assert.Equal("other", (string)service!["project"]!));
    }
}
