using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT and GET of a binding (requirements 89 to 103 and 110 to 113).</summary>
internal static class BindChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("89", "A bind is 201 with its credentials, or 202 and then succeeds", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var first = await context.SendAsync(context.BindCall(instance, context.NewBindingId(instance)));
            context.Expect(first, "a bind", 201, 202);
            if (first.Status == 202)
            {
                await context.PollAsync(first.Call, first.Operation);
            }
        }),
        new("39", "Without accepts_incomplete a bind is 201, or 422 AsyncRequired and creates nothing", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var response = await context.SendAsync(context.BindCall(instance, binding, incomplete: false));
            context.Expect(response, "a synchronous bind", 201, 422);
            if (response.Status == 422 && response.ErrorCode != "AsyncRequired")
            {
                context.ReportViolation($"422 {response.ErrorCode ?? "without a code"} instead of AsyncRequired");
            }
            if (response.Status == 422)
            {
                await ExpectNoBindingAsync(context, instance, binding, "a bind that was AsyncRequired");
            }
        }),
        new(
            "93",
            "A bind whose service_id or plan_id is missing, null, empty, of a wrong type or not the instance's is rejected "
                + "and creates nothing",
            async context =>
            {
                context.RequireBindable();
                var instance = await context.CreateInstanceAsync();
                foreach (var name in (string[])["service_id", "plan_id"])
                {
                    var binding = context.NewBindingId(instance);
                    context.Expect(
                        await context.SendAsync(context.BindCall(instance, binding, WithoutField(context.BindBody(), name))),
                        $"no {name}",
                        400
                    );
                    foreach (var value in (JsonNode?[])[null, "", 1, new JsonObject()])
                    {
                        context.Expect(
                            await context.SendAsync(context.BindCall(instance, binding, WithField(context.BindBody(), name, value))),
                            $"{name} is {value?.ToJsonString() ?? "null"}",
                            400
                        );
                    }
                    context.ExpectClientError(
                        await context.SendAsync(
                            context.BindCall(instance, binding, WithField(context.BindBody(), name, Guid.NewGuid().ToString()))
                        ),
                        $"an unknown {name}"
                    );
                    await ExpectNoBindingAsync(context, instance, binding, $"binds with a wrong {name}");
                }
            }
        ),
        new("94", "An app_guid is accepted at the top or in bind_resource; without one a bind succeeds or is RequiresApp", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            await context.CreateBindingAsync(instance, WithoutField(context.BindBody(), "app_guid"));
            await context.CreateBindingAsync(instance, WithoutField(context.BindBody(), "bind_resource"));
            var response = await context.SendToCompletionAsync(
                context.BindCall(
                    instance,
                    context.NewBindingId(instance),
                    WithoutField(WithoutField(context.BindBody(), "app_guid"), "bind_resource")
                )
            );
            context.Expect(response, "no app", 200, 201, 422);
            if (response.Status == 422 && response.ErrorCode != "RequiresApp")
            {
                context.ReportViolation($"422 {response.ErrorCode ?? "without a code"} instead of RequiresApp");
            }
            context.ExpectClientError(
                await context.SendAsync(
                    context.BindCall(instance, context.NewBindingId(instance), WithField(context.BindBody(), "app_guid", ""))
                ),
                "an empty app_guid"
            );
        }),
        new("95", "bind_resource and context are optional objects", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            await context.CreateBindingAsync(instance, WithField(context.BindBody(), "bind_resource", new JsonObject()));
            await context.CreateBindingAsync(instance, WithoutField(context.BindBody(), "context"));
            foreach (var name in (string[])["bind_resource", "context", "parameters"])
            {
                context.Expect(
                    await context.SendAsync(
                        context.BindCall(instance, context.NewBindingId(instance), WithField(context.BindBody(), name, "text"))
                    ),
                    $"{name} is a text",
                    400
                );
            }
        }),
        new("97", "Every binding has its own credentials, even for the same app", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var first = Credentials((await context.CreateBindingAsync(instance)).Body);
            var second = Credentials((await context.CreateBindingAsync(instance)).Body);
            ConformanceContext.Require(first is not null, "the broker returns no credentials");
            if (first == second)
            {
                context.ReportViolation("two bindings have the same credentials");
            }
        }),
        new("102", "A bind to an unknown instance is a 4xx and creates nothing", async context =>
        {
            context.RequireBindable();
            var instance = context.NewInstanceId();
            var binding = context.NewBindingId(instance);
            context.Expect(await context.SendAsync(context.BindCall(instance, binding)), "an unknown instance", 400, 404, 410, 422);
            await ExpectNoBindingAsync(context, instance, binding, "a bind to an unknown instance");
            await context.ExpectNoInstanceAsync(instance, "a bind to an unknown instance");
        }),
        new("103", "A binding belongs to its instance: the same id on another instance is another binding", async context =>
        {
            (var one, var two) = (await context.CreateInstanceAsync(), await context.CreateInstanceAsync());
            (var binding, _) = await context.CreateBindingAsync(one);
            context.Track(two, binding);
            if (context.Offering.BindingsRetrievable)
            {
                context.Expect(await context.SendAsync(OsbCalls.FetchBinding(two, binding)), "fetching it through another instance", 404);
            }
            context.Expect(
                await context.SendAsync(OsbCalls.Unbind(two, binding, context.Plan.Ids)),
                "deleting it through another instance",
                410
            );
            context.Expect(
                await context.SendToCompletionAsync(context.BindCall(two, binding)),
                "a bind of the same id on another instance",
                200,
                201
            );
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Unbind(two, binding, context.Plan.Ids)), "deleting that one", 200);
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Unbind(one, binding, context.Plan.Ids)), "deleting the first", 200);
        }),
        new("110", "A binding can be fetched as soon as it is bound, with the same credentials", async context =>
        {
            RequireRetrievable(context);
            var instance = await context.CreateInstanceAsync();
            (var binding, var bound) = await context.CreateBindingAsync(instance);
            var fetched = await context.SendAsync(OsbCalls.FetchBinding(instance, binding));
            context.Expect(fetched, "fetching a new binding", 200);
            if (Credentials(fetched.BodyObject) is { } credentials && credentials != Credentials(bound))
            {
                context.ReportViolation("the fetched credentials differ from those of the bind");
            }
            if (
                context.Options.BindParameters is { } given
                && JsonMembers.Member(fetched.BodyObject, "parameters") is { } parameters
                && !JsonNode.DeepEquals(JsonNode.Parse(parameters.GetRawText()), given)
            )
            {
                context.ReportViolation($"the fetched parameters are {parameters.GetRawText()}");
            }
        }),
        new("111", "Fetching a binding that does not exist, or was deleted, is 404", async context =>
        {
            RequireRetrievable(context);
            var instance = await context.CreateInstanceAsync();
            context.Expect(await context.SendAsync(OsbCalls.FetchBinding(instance, Guid.NewGuid().ToString())), "an unknown binding", 404);
            context.Expect(
                await context.SendAsync(OsbCalls.FetchBinding(Guid.NewGuid().ToString(), Guid.NewGuid().ToString())),
                "an unknown instance",
                404
            );
            (var binding, _) = await context.CreateBindingAsync(instance);
            await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
            context.Expect(await context.SendAsync(OsbCalls.FetchBinding(instance, binding)), "a deleted binding", 404);
        }),
    ];

    /// <summary>Returns the credentials as text, for comparison only; null if there are none. They are never written.</summary>
    public static string? Credentials(JsonElement? body) =>
        JsonMembers.Member(body, "credentials") is { ValueKind: JsonValueKind.Object } credentials ? credentials.GetRawText() : null;

    public static async Task ExpectNoBindingAsync(ConformanceContext context, string instance, string binding, string what) =>
        context.Expect(
            await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids) with { SendsOriginatingIdentity = false }),
            $"deleting the binding that {what} must not have created",
            410
        );

    private static void RequireRetrievable(ConformanceContext context) =>
        ConformanceContext.Require(context.Offering.BindingsRetrievable, "the offering does not set bindings_retrievable");
}
