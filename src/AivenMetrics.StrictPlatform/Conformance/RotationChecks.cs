using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Binding rotation (requirements 104 to 109).</summary>
internal static class RotationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("105", "A rotation creates a new binding with its own credentials; both bindings exist", async context =>
        {
            (var instance, var old, var bound) = await CreateRotatableBindingAsync(context);
            var binding = context.NewBindingId(instance);
            var response = await context.SendToCompletionAsync(context.BindCall(instance, binding, RotationBody(context, old)));
            context.Expect(response, "a rotation", 200, 201);
            if (BindChecks.Credentials(response.BodyObject) is { } credentials && credentials == BindChecks.Credentials(bound))
            {
                context.ReportViolation("the successor has the credentials of its predecessor");
            }
            if (context.Offering.BindingsRetrievable)
            {
                context.Expect(await context.SendAsync(OsbCalls.FetchBinding(instance, old)), "fetching the predecessor", 200);
                context.Expect(await context.SendAsync(OsbCalls.FetchBinding(instance, binding)), "fetching the successor", 200);
            }
        }),
        new("106", "The successor exists after the predecessor is deleted", async context =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(context);
            var binding = context.NewBindingId(instance);
            await context.SendToCompletionAsync(context.BindCall(instance, binding, RotationBody(context, old)));
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, old, context.Plan.Ids)),
                "deleting the predecessor",
                200
            );
            if (context.Offering.BindingsRetrievable)
            {
                context.Expect(await context.SendAsync(OsbCalls.FetchBinding(instance, binding)), "fetching the successor", 200);
            }
        }),
        new("108", "A rotation with predecessor_binding_id alone is accepted", async context =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(context);
            JsonObject body = new() { ["predecessor_binding_id"] = old };
            context.Expect(
                await context.SendToCompletionAsync(context.BindCall(instance, context.NewBindingId(instance), body)),
                "predecessor_binding_id alone",
                200,
                201
            );
        }),
        new("109", "An identical rotation is 200 with the same credentials; one with another predecessor is 409", async context =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(context);
            (var another, _) = await context.CreateBindingAsync(instance);
            var binding = context.NewBindingId(instance);
            var first = await context.SendToCompletionAsync(context.BindCall(instance, binding, RotationBody(context, old)));
            var again = await context.SendAsync(context.BindCall(instance, binding, RotationBody(context, old)));
            context.Expect(again, "the replay", 200);
            if (BindChecks.Credentials(first.BodyObject) != BindChecks.Credentials(again.BodyObject))
            {
                context.ReportViolation("the replay has other credentials");
            }
            context.Expect(
                await context.SendAsync(context.BindCall(instance, binding, RotationBody(context, another))),
                "another predecessor",
                409
            );
        }),
        new(
            "104",
            "A predecessor that does not exist, was deleted or belongs to another instance is rejected and creates nothing",
            async context =>
            {
                (var instance, var old, _) = await CreateRotatableBindingAsync(context);
                var other = await context.CreateInstanceAsync();
                (var foreign, _) = await context.CreateBindingAsync(other);
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, old, context.Plan.Ids));
                foreach (
                    (var what, var predecessor) in ((string, string)[])
                        [("unknown", Guid.NewGuid().ToString()), ("deleted", old), ("of another instance", foreign)]
                )
                {
                    var binding = context.NewBindingId(instance);
                    var response = await context.SendAsync(context.BindCall(instance, binding, RotationBody(context, predecessor)));
                    context.Expect(response, $"a predecessor that is {what}", 400, 404, 409, 422);
                    await BindChecks.ExpectNoBindingAsync(context, instance, binding, $"a rotation whose predecessor is {what}");
                }

                foreach (var value in (JsonNode[])["", 1, new JsonObject()])
                {
                    context.ExpectClientError(
                        await context.SendAsync(
                            context.BindCall(
                                instance,
                                context.NewBindingId(instance),
                                WithField(context.BindBody(), "predecessor_binding_id", value)
                            )
                        ),
                        $"predecessor_binding_id is {value.ToJsonString()}"
                    );
                }
            }
        ),
    ];

    private static async Task<(string Instance, string Binding, JsonElement Body)> CreateRotatableBindingAsync(ConformanceContext context)
    {
        ConformanceContext.Require(context.Plan.BindingRotatable, "the plan does not set binding_rotatable");
        var instance = await context.CreateInstanceAsync();
        (var binding, var body) = await context.CreateBindingAsync(instance);
        return (instance, binding, body);
    }

    private static JsonObject RotationBody(ConformanceContext context, string predecessor) =>
        new()
        {
            ["service_id"] = context.Offering.Id,
            ["plan_id"] = context.Plan.Id,
            ["predecessor_binding_id"] = predecessor,
            ["context"] = context.Options.Tenant.Context(null),
        };
}
