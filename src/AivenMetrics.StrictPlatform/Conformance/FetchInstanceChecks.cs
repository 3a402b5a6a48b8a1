using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>GET of an instance (70 to 75).</summary>
internal static class FetchInstanceChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [new("70", "An instance can be fetched as soon as it is provisioned, and says its offering and plan", async lab =>
        {
            RequireRetrievable(lab);
            var answer = await lab.SendAsync(OsbCalls.FetchInstance(await lab.CreateInstanceAsync()));
            lab.Expect(answer, "fetching a new instance", 200);
            if (JsonMembers.Text(answer.BodyObject, "service_id") is { } service && service != lab.Offering.Id)
            {
                lab.ReportViolation("service_id is another one");
            }
            if (JsonMembers.Text(answer.BodyObject, "plan_id") is { } plan && plan != lab.Plan.Id)
            {
                lab.ReportViolation("plan_id is another one");
            }
        }), new("73", "A fetched instance has the parameters that it was given", async lab =>
        {
            RequireRetrievable(lab);
            ConformanceContext.Require(lab.Options.Parameters is not null, "no parameters were given");
            var parameters = JsonMembers.Member(
                (await lab.SendAsync(OsbCalls.FetchInstance(await lab.CreateInstanceAsync()))).BodyObject,
                "parameters"
            );
            using var given = JsonDocument.Parse(lab.Options.Parameters!.ToJsonString());
            if (parameters is { } fetched && !JsonElement.DeepEquals(fetched, given.RootElement))
            {
                lab.ReportViolation($"the parameters are {fetched.GetRawText()}");
            }
        }), new("74", "Hints in the query are optional", async lab =>
        {
            RequireRetrievable(lab);
            var fetch = OsbCalls.FetchInstance(await lab.CreateInstanceAsync());
            lab.Expect(await lab.SendAsync(fetch with { Path = $"{fetch.Path}?{lab.Plan.Ids}" }), "fetching with hints", 200);
            lab.Expect(await lab.SendAsync(fetch), "fetching without hints", 200);
        }), new("71", "Fetching an instance that does not exist, or no longer, is 404", async lab =>
        {
            RequireRetrievable(lab);
            lab.Expect(await lab.SendAsync(OsbCalls.FetchInstance(Guid.NewGuid().ToString())), "an unknown id", 404);
            var instance = await lab.CreateInstanceAsync();
            await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids));
            lab.Expect(await lab.SendAsync(OsbCalls.FetchInstance(instance)), "a deleted instance", 404);
        }), new("71", "An instance whose provision is in progress cannot be fetched yet", async lab =>
        {
            RequireRetrievable(lab);
            var instance = lab.NewInstanceId();
            var answer = await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            ConformanceContext.Require(answer.Status == 202, "provisions are synchronous");
            var fetched = await lab.SendAsync(OsbCalls.FetchInstance(instance));
            var running =
                JsonMembers.Text(
                    (await lab.SendAsync(OsbCalls.LastOperation(instance, null, lab.Plan.Ids, answer.Operation))).BodyObject,
                    "state"
                ) == "in progress";
            if (running)
            {
                lab.Expect(fetched, "fetching during the provision", 404);
            }
        })];

    private static void RequireRetrievable(ConformanceContext lab) =>
        ConformanceContext.Require(lab.Offering.InstancesRetrievable, "the offering does not say instances_retrievable");
}
