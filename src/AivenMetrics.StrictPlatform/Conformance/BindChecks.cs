using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT and GET of a binding (89 to 103, 110 to 113).</summary>
internal static class BindChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [new("89", "A bind is 201 with its credentials, or 202 and then succeeds", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var first = await lab.SendAsync(lab.BindCall(instance, lab.NewBindingId(instance)));
            lab.Expect(first, "a bind", 201, 202);
            if (first.Status == 202)
            {
                await lab.PollAsync(first.Call, first.Operation);
            }
        }), new("39", "Without accepts_incomplete a bind is 201, or 422 AsyncRequired and makes nothing", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var answer = await lab.SendAsync(lab.BindCall(instance, binding, incomplete: false));
            lab.Expect(answer, "a synchronous bind", 201, 422);
            if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
            {
                lab.ReportViolation($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
            }
            if (answer.Status == 422)
            {
                await ExpectNoBindingAsync(lab, instance, binding, "a bind that was AsyncRequired");
            }
        }), new("93", "A bind whose service_id or plan_id is missing, null, empty, of a wrong type or not the instance's is refused and makes nothing", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            foreach (var name in (string[])["service_id", "plan_id"])
            {
                var binding = lab.NewBindingId(instance);
                lab.Expect(await lab.SendAsync(lab.BindCall(instance, binding, WithoutField(lab.BindBody(), name))), $"no {name}", 400);
                foreach (var value in (JsonNode?[])[null, "", 1, new JsonObject()])
                {
                    lab.Expect(
                        await lab.SendAsync(lab.BindCall(instance, binding, WithField(lab.BindBody(), name, value))),
                        $"{name} is {value?.ToJsonString() ?? "null"}",
                        400
                    );
                }
                lab.ExpectClientError(
                    await lab.SendAsync(lab.BindCall(instance, binding, WithField(lab.BindBody(), name, Guid.NewGuid().ToString()))),
                    $"an unknown {name}"
                );
                await ExpectNoBindingAsync(lab, instance, binding, $"binds with a wrong {name}");
            }
        }), new("94", "An app_guid is taken at the top or in bind_resource; without one a bind works or is RequiresApp", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            await lab.CreateBindingAsync(instance, WithoutField(lab.BindBody(), "app_guid"));
            await lab.CreateBindingAsync(instance, WithoutField(lab.BindBody(), "bind_resource"));
            var answer = await lab.SendToCompletionAsync(
                lab.BindCall(instance, lab.NewBindingId(instance), WithoutField(WithoutField(lab.BindBody(), "app_guid"), "bind_resource"))
            );
            lab.Expect(answer, "no app", 200, 201, 422);
            if (answer.Status == 422 && answer.ErrorCode != "RequiresApp")
            {
                lab.ReportViolation($"422 {answer.ErrorCode ?? "without a code"} instead of RequiresApp");
            }
            lab.ExpectClientError(
                await lab.SendAsync(lab.BindCall(instance, lab.NewBindingId(instance), WithField(lab.BindBody(), "app_guid", ""))),
                "an empty app_guid"
            );
        }), new("95", "bind_resource and context are optional objects", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            await lab.CreateBindingAsync(instance, WithField(lab.BindBody(), "bind_resource", new JsonObject()));
            await lab.CreateBindingAsync(instance, WithoutField(lab.BindBody(), "context"));
            foreach (var name in (string[])["bind_resource", "context", "parameters"])
            {
                lab.Expect(
                    await lab.SendAsync(lab.BindCall(instance, lab.NewBindingId(instance), WithField(lab.BindBody(), name, "text"))),
                    $"{name} is a text",
                    400
                );
            }
        }), new("97", "Every binding has credentials of its own, also for the same app", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var first = Credentials((await lab.CreateBindingAsync(instance)).Body);
            var second = Credentials((await lab.CreateBindingAsync(instance)).Body);
            ConformanceContext.Require(first is not null, "the broker gives no credentials");
            if (first == second)
            {
                lab.ReportViolation("two bindings have the same credentials");
            }
        }), new("102", "A bind to an unknown instance is a clean 4xx and makes nothing", async lab =>
        {
            lab.RequireBindable();
            var instance = lab.NewInstanceId();
            var binding = lab.NewBindingId(instance);
            lab.Expect(await lab.SendAsync(lab.BindCall(instance, binding)), "an unknown instance", 400, 404, 410, 422);
            await ExpectNoBindingAsync(lab, instance, binding, "a bind to an unknown instance");
            await lab.ExpectNoInstanceAsync(instance, "a bind to an unknown instance");
        }), new("103", "A binding belongs to its instance: the same id elsewhere is another one", async lab =>
        {
            (var one, var two) = (await lab.CreateInstanceAsync(), await lab.CreateInstanceAsync());
            (var binding, _) = await lab.CreateBindingAsync(one);
            lab.Track(two, binding);
            if (lab.Offering.BindingsRetrievable)
            {
                lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(two, binding)), "fetching it through another instance", 404);
            }
            lab.Expect(await lab.SendAsync(OsbCalls.Unbind(two, binding, lab.Plan.Ids)), "deleting it through another instance", 410);
            lab.Expect(await lab.SendToCompletionAsync(lab.BindCall(two, binding)), "a bind of the same id on another instance", 200, 201);
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(two, binding, lab.Plan.Ids)), "deleting that one", 200);
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(one, binding, lab.Plan.Ids)), "deleting the first", 200);
        }), new("110", "A binding can be fetched as soon as it is bound, with the same credentials", async lab =>
        {
            RequireRetrievable(lab);
            var instance = await lab.CreateInstanceAsync();
            (var binding, var bound) = await lab.CreateBindingAsync(instance);
            var fetched = await lab.SendAsync(OsbCalls.FetchBinding(instance, binding));
            lab.Expect(fetched, "fetching a new binding", 200);
            if (Credentials(fetched.BodyObject) is { } credentials && credentials != Credentials(bound))
            {
                lab.ReportViolation("the fetched credentials are others than the bind's");
            }
            if (
                lab.Options.BindParameters is { } given
                && JsonMembers.Member(fetched.BodyObject, "parameters") is { } parameters
                && !JsonNode.DeepEquals(JsonNode.Parse(parameters.GetRawText()), given)
            )
            {
                lab.ReportViolation($"the fetched parameters are {parameters.GetRawText()}");
            }
        }), new("111", "Fetching a binding that does not exist, or no longer, is 404", async lab =>
        {
            RequireRetrievable(lab);
            var instance = await lab.CreateInstanceAsync();
            lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(instance, Guid.NewGuid().ToString())), "an unknown binding", 404);
            lab.Expect(
                await lab.SendAsync(OsbCalls.FetchBinding(Guid.NewGuid().ToString(), Guid.NewGuid().ToString())),
                "an unknown instance",
                404
            );
            (var binding, _) = await lab.CreateBindingAsync(instance);
            await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
            lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(instance, binding)), "a deleted binding", 404);
        })];

    /// <summary>Credentials as text for comparing; null: none. Never shown.</summary>
    public static string? Credentials(JsonElement? body) =>
        JsonMembers.Member(body, "credentials") is { ValueKind: JsonValueKind.Object } credentials ? credentials.GetRawText() : null;

    public static async Task ExpectNoBindingAsync(ConformanceContext lab, string instance, string binding, string what) =>
        lab.Expect(
            await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids) with { SendsOriginatingIdentity = false }),
            $"deleting what {what} must not have made",
            410
        );

    private static void RequireRetrievable(ConformanceContext lab) =>
        ConformanceContext.Require(lab.Offering.BindingsRetrievable, "the offering does not say bindings_retrievable");
}
