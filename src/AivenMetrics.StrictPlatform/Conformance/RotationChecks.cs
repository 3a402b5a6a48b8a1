using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Binding rotation (104 to 109).</summary>
internal static class RotationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [new("105", "A rotation makes a new binding with credentials of its own; old and new are both there", async lab =>
        {
            (var instance, var old, var bound) = await CreateRotatableBindingAsync(lab);
            var binding = lab.NewBindingId(instance);
            var answer = await lab.SendToCompletionAsync(lab.BindCall(instance, binding, RotationBody(lab, old)));
            lab.Expect(answer, "a rotation", 200, 201);
            if (BindChecks.Credentials(answer.BodyObject) is { } credentials && credentials == BindChecks.Credentials(bound))
            {
                lab.ReportViolation("the successor has the credentials of its predecessor");
            }
            if (lab.Offering.BindingsRetrievable)
            {
                lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(instance, old)), "fetching the predecessor", 200);
                lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(instance, binding)), "fetching the successor", 200);
            }
        }), new("106", "The successor outlives its predecessor", async lab =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(lab);
            var binding = lab.NewBindingId(instance);
            await lab.SendToCompletionAsync(lab.BindCall(instance, binding, RotationBody(lab, old)));
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, old, lab.Plan.Ids)), "deleting the predecessor", 200);
            if (lab.Offering.BindingsRetrievable)
            {
                lab.Expect(await lab.SendAsync(OsbCalls.FetchBinding(instance, binding)), "fetching the successor", 200);
            }
        }), new("108", "A rotation is taken with predecessor_binding_id alone", async lab =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(lab);
            JsonObject body = new() { ["predecessor_binding_id"] = old };
            lab.Expect(
                await lab.SendToCompletionAsync(lab.BindCall(instance, lab.NewBindingId(instance), body)),
                "predecessor_binding_id alone",
                200,
                201
            );
        }), new("109", "An identical rotation is 200 with the same credentials; one with another predecessor is 409", async lab =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(lab);
            (var another, _) = await lab.CreateBindingAsync(instance);
            var binding = lab.NewBindingId(instance);
            var first = await lab.SendToCompletionAsync(lab.BindCall(instance, binding, RotationBody(lab, old)));
            var again = await lab.SendAsync(lab.BindCall(instance, binding, RotationBody(lab, old)));
            lab.Expect(again, "the replay", 200);
            if (BindChecks.Credentials(first.BodyObject) != BindChecks.Credentials(again.BodyObject))
            {
                lab.ReportViolation("the replay has other credentials");
            }
            lab.Expect(await lab.SendAsync(lab.BindCall(instance, binding, RotationBody(lab, another))), "another predecessor", 409);
        }), new("104", "A predecessor that does not exist, was deleted or belongs to another instance is refused and nothing is made", async lab =>
        {
            (var instance, var old, _) = await CreateRotatableBindingAsync(lab);
            var other = await lab.CreateInstanceAsync();
            (var foreign, _) = await lab.CreateBindingAsync(other);
            await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, old, lab.Plan.Ids));
            foreach (
                (var what, var predecessor) in ((string, string)[])
                    [("unknown", Guid.NewGuid().ToString()), ("deleted", old), ("of another instance", foreign)]
            )
            {
                var binding = lab.NewBindingId(instance);
                var answer = await lab.SendAsync(lab.BindCall(instance, binding, RotationBody(lab, predecessor)));
                lab.Expect(answer, $"a predecessor that is {what}", 400, 404, 409, 422);
                await BindChecks.ExpectNoBindingAsync(lab, instance, binding, $"a rotation whose predecessor is {what}");
            }

            foreach (var value in (JsonNode[])["", 1, new JsonObject()])
            {
                lab.ExpectClientError(
                    await lab.SendAsync(
                        lab.BindCall(instance, lab.NewBindingId(instance), WithField(lab.BindBody(), "predecessor_binding_id", value))
                    ),
                    $"predecessor_binding_id is {value.ToJsonString()}"
                );
            }
        })];

    private static async Task<(string Instance, string Binding, JsonElement Body)> CreateRotatableBindingAsync(ConformanceContext lab)
    {
        ConformanceContext.Require(lab.Plan.BindingRotatable, "the plan does not say binding_rotatable");
        var instance = await lab.CreateInstanceAsync();
        (var binding, var body) = await lab.CreateBindingAsync(instance);
        return (instance, binding, body);
    }

    private static JsonObject RotationBody(ConformanceContext lab, string predecessor) =>
        new()
        {
            ["service_id"] = lab.Offering.Id,
            ["plan_id"] = lab.Plan.Id,
            ["predecessor_binding_id"] = predecessor,
            ["context"] = lab.Options.Tenant.Context(null),
        };
}
