using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT and GET of a binding (89 to 103, 110 to 113).</summary>
internal static class BindChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("89", "A bind is 201 with its credentials, or 202 and then succeeds", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            Answer first = await lab.Send(lab.Bind(instance, lab.NewBinding(instance)));
            lab.Expect(first, "a bind", 201, 202);
            if (first.Status == 202)
                await lab.Poll(first.Ask, first.Operation);
        }),
        new("39", "Without accepts_incomplete a bind is 201, or 422 AsyncRequired and makes nothing", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer answer = await lab.Send(lab.Bind(instance, binding, incomplete: false));
            lab.Expect(answer, "a synchronous bind", 201, 422);
            if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
                lab.Violated($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
            if (answer.Status == 422)
                await ExpectNoBinding(lab, instance, binding, "a bind that was AsyncRequired");
        }),
        new("93", "A bind whose service_id or plan_id is missing, null, empty, of a wrong type or not the instance's is refused and makes nothing", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            foreach (string name in (string[])["service_id", "plan_id"])
            {
                string binding = lab.NewBinding(instance);
                lab.Expect(await lab.Send(lab.Bind(instance, binding, Without(lab.BindBody(), name))), $"no {name}", 400);
                foreach (JsonNode? value in (JsonNode?[])[null, "", 1, new JsonObject()])
                    lab.Expect(await lab.Send(lab.Bind(instance, binding, Changed(lab.BindBody(), name, value))), $"{name} is {value?.ToJsonString() ?? "null"}", 400);
                lab.ExpectRefusal(await lab.Send(lab.Bind(instance, binding, Changed(lab.BindBody(), name, Guid.NewGuid().ToString()))), $"an unknown {name}");
                await ExpectNoBinding(lab, instance, binding, $"binds with a wrong {name}");
            }
        }),
        new("94", "An app_guid is taken at the top or in bind_resource; without one a bind works or is RequiresApp", async lab =>
        {
            string instance = await lab.Instance();
            await lab.Binding(instance, Without(lab.BindBody(), "app_guid"));
            await lab.Binding(instance, Without(lab.BindBody(), "bind_resource"));
            Answer answer = await lab.Finished(lab.Bind(instance, lab.NewBinding(instance), Without(Without(lab.BindBody(), "app_guid"), "bind_resource")));
            lab.Expect(answer, "no app", 200, 201, 422);
            if (answer.Status == 422 && answer.ErrorCode != "RequiresApp")
                lab.Violated($"422 {answer.ErrorCode ?? "without a code"} instead of RequiresApp");
            lab.ExpectRefusal(await lab.Send(lab.Bind(instance, lab.NewBinding(instance), Changed(lab.BindBody(), "app_guid", ""))), "an empty app_guid");
        }),
        new("95", "bind_resource and context are optional objects", async lab =>
        {
            string instance = await lab.Instance();
            await lab.Binding(instance, Changed(lab.BindBody(), "bind_resource", new JsonObject()));
            await lab.Binding(instance, Without(lab.BindBody(), "context"));
            foreach (string name in (string[])["bind_resource", "context", "parameters"])
                lab.Expect(await lab.Send(lab.Bind(instance, lab.NewBinding(instance), Changed(lab.BindBody(), name, "text"))), $"{name} is a text", 400);
        }),
        new("97", "Every binding has credentials of its own, also for the same app", async lab =>
        {
            string instance = await lab.Instance();
            string? first = Credentials((await lab.Binding(instance)).Body);
            string? second = Credentials((await lab.Binding(instance)).Body);
            Lab.Needs(first is not null, "the broker gives no credentials");
            if (first == second)
                lab.Violated("two bindings have the same credentials");
        }),
        new("102", "A bind to an unknown instance is a clean 4xx and makes nothing", async lab =>
        {
            lab.NeedsBindings();
            string instance = lab.NewInstance();
            string binding = lab.NewBinding(instance);
            lab.Expect(await lab.Send(lab.Bind(instance, binding)), "an unknown instance", 400, 404, 410, 422);
            await ExpectNoBinding(lab, instance, binding, "a bind to an unknown instance");
            await lab.ExpectNoInstance(instance, "a bind to an unknown instance");
        }),
        new("103", "A binding belongs to its instance: the same id elsewhere is another one", async lab =>
        {
            (string one, string two) = (await lab.Instance(), await lab.Instance());
            (string binding, _) = await lab.Binding(one);
            lab.Remember(two, binding);
            if (lab.Offering.BindingsRetrievable)
                lab.Expect(await lab.Send(Asks.FetchBinding(two, binding)), "fetching it through another instance", 404);
            lab.Expect(await lab.Send(Asks.Unbind(two, binding, lab.Plan.Ids)), "deleting it through another instance", 410);
            lab.Expect(await lab.Finished(lab.Bind(two, binding)), "a bind of the same id on another instance", 200, 201);
            lab.Expect(await lab.Finished(Asks.Unbind(two, binding, lab.Plan.Ids)), "deleting that one", 200);
            lab.Expect(await lab.Finished(Asks.Unbind(one, binding, lab.Plan.Ids)), "deleting the first", 200);
        }),
        new("110", "A binding can be fetched as soon as it is bound, with the same credentials", async lab =>
        {
            NeedsFetch(lab);
            string instance = await lab.Instance();
            (string binding, JsonElement bound) = await lab.Binding(instance);
            Answer fetched = await lab.Send(Asks.FetchBinding(instance, binding));
            lab.Expect(fetched, "fetching a new binding", 200);
            if (Credentials(fetched.Object) is { } credentials && credentials != Credentials(bound))
                lab.Violated("the fetched credentials are others than the bind's");
            if (lab.Options.BindParameters is { } given && Json.Member(fetched.Object, "parameters") is { } parameters && !JsonNode.DeepEquals(JsonNode.Parse(parameters.GetRawText()), given))
                lab.Violated($"the fetched parameters are {parameters.GetRawText()}");
        }),
        new("111", "Fetching a binding that does not exist, or no longer, is 404", async lab =>
        {
            NeedsFetch(lab);
            string instance = await lab.Instance();
            lab.Expect(await lab.Send(Asks.FetchBinding(instance, Guid.NewGuid().ToString())), "an unknown binding", 404);
            lab.Expect(await lab.Send(Asks.FetchBinding(Guid.NewGuid().ToString(), Guid.NewGuid().ToString())), "an unknown instance", 404);
            (string binding, _) = await lab.Binding(instance);
            await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
            lab.Expect(await lab.Send(Asks.FetchBinding(instance, binding)), "a deleted binding", 404);
        }),
    ];

    /// <summary>Credentials as text for comparing; null: none. Never shown.</summary>
    public static string? Credentials(JsonElement? body) => Json.Member(body, "credentials") is { ValueKind: JsonValueKind.Object } credentials ? credentials.GetRawText() : null;

    public static async Task ExpectNoBinding(Lab lab, string instance, string binding, string what) =>
        lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids) with { ByUser = false }), $"deleting what {what} must not have made", 410);

    private static void NeedsFetch(Lab lab) => Lab.Needs(lab.Offering.BindingsRetrievable, "the offering does not say bindings_retrievable");
}
