using System.Net;
using System.Text.Json.Nodes;
using AivenMetrics.Acceptance.Support;
using Xunit;

namespace AivenMetrics.Acceptance.Crashes;

/// <summary>
/// Kills the broker (SIGKILL) at its first write, then at its second, and so on, until a lifecycle has no more writes. The platform
/// repeats its request, or cleans up, and must always find a consistent broker.
/// </summary>
public abstract class CrashTestBase(CrashingBrokerFixture broker) : IClassFixture<CrashingBrokerFixture>
{
    private protected CrashingBrokerFixture Broker => broker;

    private protected async Task NothingIsLeftAsync(string instance)
    {
        foreach (var table in (string[])["service_instance", "service_binding", "service_binding_service"])
        {
            Assert.Equal((table, 0), (table, await Broker.CountAsync(table, $"instance_id = '{instance}'")));
        }
    }

    private protected static void Expect(HttpStatusCode status, OsbResponse? answer) =>
        Assert.True(answer?.Status == status, $"{answer?.Status}: {answer?.Body}");

    private protected static Func<Platform, Task<OsbResponse>> Provision(string instance) =>
        platform => platform.TryProvisionAsync(instance, SeededServices.Forecast.OrganizationId, SeededServices.Forecast.Id);

    private protected static Func<Platform, Task<OsbResponse>> Update(string instance) =>
        async platform =>
        {
            var (serviceId, planId) = await platform.PlanAsync(Platform.SpacePlan);
            return await platform.SendAsync(
                HttpMethod.Patch,
                $"/v2/service_instances/{instance}",
                new JsonObject
                {
                    ["service_id"] = serviceId,
                    ["plan_id"] = planId,
                    ["context"] = new JsonObject { ["platform"] = "cloudfoundry", ["instance_name"] = "renamed" },
                }
            );
        };

    private protected static Func<Platform, Task<OsbResponse>> Unbind(string instance, string binding) =>
        platform => platform.UnbindAsync(instance, binding);

    private protected static Func<Platform, Task<OsbResponse>> Deprovision(string instance) =>
        platform => platform.DeprovisionAsync(instance);
}
