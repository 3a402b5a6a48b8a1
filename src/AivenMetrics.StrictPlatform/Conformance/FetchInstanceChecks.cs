using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>GET of an instance (requirements 70 to 75).</summary>
internal static class FetchInstanceChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("70", "An instance can be fetched as soon as it is provisioned, with its offering and plan", async context =>
        {
            RequireRetrievable(context);
            var response = await context.SendAsync(OsbCalls.FetchInstance(await context.CreateInstanceAsync()));
            context.Expect(response, "fetching a new instance", 200);
            if (JsonMembers.Text(response.BodyObject, "service_id") is { } service && service != context.Offering.Id)
            {
                context.ReportViolation("service_id differs");
            }
            if (JsonMembers.Text(response.BodyObject, "plan_id") is { } plan && plan != context.Plan.Id)
            {
                context.ReportViolation("plan_id differs");
            }
        }),
        new("73", "A fetched instance has the parameters of its provision", async context =>
        {
            RequireRetrievable(context);
            ConformanceContext.Require(context.Options.Parameters is not null, "no parameters were given");
            var parameters = JsonMembers.Member(
                (await context.SendAsync(OsbCalls.FetchInstance(await context.CreateInstanceAsync()))).BodyObject,
                "parameters"
            );
            using var given = JsonDocument.Parse(context.Options.Parameters!.ToJsonString());
            if (parameters is { } fetched && !JsonElement.DeepEquals(fetched, given.RootElement))
            {
                context.ReportViolation($"the parameters are {fetched.GetRawText()}");
            }
        }),
        new("74", "Hints in the query are optional", async context =>
        {
            RequireRetrievable(context);
            var fetch = OsbCalls.FetchInstance(await context.CreateInstanceAsync());
            context.Expect(await context.SendAsync(fetch with { Path = $"{fetch.Path}?{context.Plan.Ids}" }), "fetching with hints", 200);
            context.Expect(await context.SendAsync(fetch), "fetching without hints", 200);
        }),
        new("71", "Fetching an instance that does not exist, or was deleted, is 404", async context =>
        {
            RequireRetrievable(context);
            context.Expect(await context.SendAsync(OsbCalls.FetchInstance(Guid.NewGuid().ToString())), "an unknown id", 404);
            var instance = await context.CreateInstanceAsync();
            await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids));
            context.Expect(await context.SendAsync(OsbCalls.FetchInstance(instance)), "a deleted instance", 404);
        }),
        new("71", "An instance whose provision is in progress cannot be fetched yet", async context =>
        {
            RequireRetrievable(context);
            var instance = context.NewInstanceId();
            var response = await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            ConformanceContext.Require(response.Status == 202, "provisions are synchronous");
            var fetched = await context.SendAsync(OsbCalls.FetchInstance(instance));
            var running =
                JsonMembers.Text(
                    (await context.SendAsync(OsbCalls.LastOperation(instance, null, context.Plan.Ids, response.Operation))).BodyObject,
                    "state"
                ) == "in progress";
            if (running)
            {
                context.Expect(fetched, "fetching during the provision", 404);
            }
        }),
    ];

    private static void RequireRetrievable(ConformanceContext context) =>
        ConformanceContext.Require(context.Offering.InstancesRetrievable, "the offering does not set instances_retrievable");
}
