using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>GET of an instance (70 to 75).</summary>
internal static class FetchInstanceChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("70", "An instance can be fetched as soon as it is provisioned, and says its offering and plan", async lab =>
        {
            NeedsFetch(lab);
            Answer answer = await lab.Send(Asks.FetchInstance(await lab.Instance()));
            lab.Expect(answer, "fetching a new instance", 200);
            if (Json.Text(answer.Object, "service_id") is { } service && service != lab.Offering.Id)
                lab.Violated("service_id is another one");
            if (Json.Text(answer.Object, "plan_id") is { } plan && plan != lab.Plan.Id)
                lab.Violated("plan_id is another one");
        }),
        new("73", "A fetched instance has the parameters that it was given", async lab =>
        {
            NeedsFetch(lab);
            Lab.Needs(lab.Options.Parameters is not null, "no parameters were given");
            JsonElement? parameters = Json.Member((await lab.Send(Asks.FetchInstance(await lab.Instance()))).Object, "parameters");
            using var given = JsonDocument.Parse(lab.Options.Parameters!.ToJsonString());
            if (parameters is { } fetched && !JsonElement.DeepEquals(fetched, given.RootElement))
                lab.Violated($"the parameters are {fetched.GetRawText()}");
        }),
        new("74", "Hints in the query are optional", async lab =>
        {
            NeedsFetch(lab);
            Ask fetch = Asks.FetchInstance(await lab.Instance());
            lab.Expect(await lab.Send(fetch with { Path = $"{fetch.Path}?{lab.Plan.Ids}" }), "fetching with hints", 200);
            lab.Expect(await lab.Send(fetch), "fetching without hints", 200);
        }),
        new("71", "Fetching an instance that does not exist, or no longer, is 404", async lab =>
        {
            NeedsFetch(lab);
            lab.Expect(await lab.Send(Asks.FetchInstance(Guid.NewGuid().ToString())), "an unknown id", 404);
            string instance = await lab.Instance();
            await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids));
            lab.Expect(await lab.Send(Asks.FetchInstance(instance)), "a deleted instance", 404);
        }),
        new("71", "An instance whose provision is in progress cannot be fetched yet", async lab =>
        {
            NeedsFetch(lab);
            string instance = lab.NewInstance();
            Answer answer = await lab.Send(Asks.Provision(instance, lab.ProvisionBody()));
            Lab.Needs(answer.Status == 202, "provisions are synchronous");
            Answer fetched = await lab.Send(Asks.FetchInstance(instance));
            bool running = Json.Text((await lab.Send(Asks.LastOperation(instance, null, lab.Plan.Ids, answer.Operation))).Object, "state") == "in progress";
            if (running)
                lab.Expect(fetched, "fetching during the provision", 404);
        }),
    ];

    private static void NeedsFetch(Lab lab) => Lab.Needs(lab.Offering.InstancesRetrievable, "the offering does not say instances_retrievable");
}
