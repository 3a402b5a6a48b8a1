using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Binding rotation (104 to 109).</summary>
internal static class RotationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("105", "A rotation makes a new binding with credentials of its own; old and new are both there", async lab =>
        {
            (string instance, string old, JsonElement bound) = await Rotatable(lab);
            string binding = lab.NewBinding(instance);
            Answer answer = await lab.Finished(lab.Bind(instance, binding, Rotation(lab, old)));
            lab.Expect(answer, "a rotation", 200, 201);
            if (BindChecks.Credentials(answer.Object) is { } credentials && credentials == BindChecks.Credentials(bound))
                lab.Violated("the successor has the credentials of its predecessor");
            if (lab.Offering.BindingsRetrievable)
            {
                lab.Expect(await lab.Send(Asks.FetchBinding(instance, old)), "fetching the predecessor", 200);
                lab.Expect(await lab.Send(Asks.FetchBinding(instance, binding)), "fetching the successor", 200);
            }
        }),
        new("106", "The successor outlives its predecessor", async lab =>
        {
            (string instance, string old, _) = await Rotatable(lab);
            string binding = lab.NewBinding(instance);
            await lab.Finished(lab.Bind(instance, binding, Rotation(lab, old)));
            lab.Expect(await lab.Finished(Asks.Unbind(instance, old, lab.Plan.Ids)), "deleting the predecessor", 200);
            if (lab.Offering.BindingsRetrievable)
                lab.Expect(await lab.Send(Asks.FetchBinding(instance, binding)), "fetching the successor", 200);
        }),
        new("108", "A rotation is taken with predecessor_binding_id alone", async lab =>
        {
            (string instance, string old, _) = await Rotatable(lab);
            JsonObject body = new() { ["predecessor_binding_id"] = old };
            lab.Expect(await lab.Finished(lab.Bind(instance, lab.NewBinding(instance), body)), "predecessor_binding_id alone", 200, 201);
        }),
        new("109", "An identical rotation is 200 with the same credentials; one with another predecessor is 409", async lab =>
        {
            (string instance, string old, _) = await Rotatable(lab);
            (string another, _) = await lab.Binding(instance);
            string binding = lab.NewBinding(instance);
            Answer first = await lab.Finished(lab.Bind(instance, binding, Rotation(lab, old)));
            Answer again = await lab.Send(lab.Bind(instance, binding, Rotation(lab, old)));
            lab.Expect(again, "the replay", 200);
            if (BindChecks.Credentials(first.Object) != BindChecks.Credentials(again.Object))
                lab.Violated("the replay has other credentials");
            lab.Expect(await lab.Send(lab.Bind(instance, binding, Rotation(lab, another))), "another predecessor", 409);
        }),
        new("104", "A predecessor that does not exist, was deleted or belongs to another instance is refused and nothing is made", async lab =>
        {
            (string instance, string old, _) = await Rotatable(lab);
            string other = await lab.Instance();
            (string foreign, _) = await lab.Binding(other);
            await lab.Finished(Asks.Unbind(instance, old, lab.Plan.Ids));
            foreach ((string what, string predecessor) in ((string, string)[])[("unknown", Guid.NewGuid().ToString()), ("deleted", old), ("of another instance", foreign)])
            {
                string binding = lab.NewBinding(instance);
                Answer answer = await lab.Send(lab.Bind(instance, binding, Rotation(lab, predecessor)));
                lab.Expect(answer, $"a predecessor that is {what}", 400, 404, 409, 422);
                await BindChecks.ExpectNoBinding(lab, instance, binding, $"a rotation whose predecessor is {what}");
            }

            foreach (JsonNode value in (JsonNode[])["", 1, new JsonObject()])
                lab.ExpectRefusal(await lab.Send(lab.Bind(instance, lab.NewBinding(instance), Changed(lab.BindBody(), "predecessor_binding_id", value))), $"predecessor_binding_id is {value.ToJsonString()}");
        }),
    ];

    private static async Task<(string Instance, string Binding, JsonElement Body)> Rotatable(Lab lab)
    {
        Lab.Needs(lab.Plan.BindingRotatable, "the plan does not say binding_rotatable");
        string instance = await lab.Instance();
        (string binding, JsonElement body) = await lab.Binding(instance);
        return (instance, binding, body);
    }

    private static JsonObject Rotation(Lab lab, string predecessor) => new()
    {
        ["service_id"] = lab.Offering.Id,
        ["plan_id"] = lab.Plan.Id,
        ["predecessor_binding_id"] = predecessor,
        ["context"] = lab.Options.Tenant.Context(null),
    };
}
