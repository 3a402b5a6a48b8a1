using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Binds that are sent again (44, 90 to 92, 96).</summary>
internal static class BindReplayChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("91", "An identical bind is 200 with the same credentials", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, JsonElement bound) = await lab.Binding(instance);
            foreach (bool incomplete in (bool[])[true, false])
            {
                Answer again = await lab.Send(lab.Bind(instance, binding, incomplete: incomplete));
                lab.Expect(again, "the replay", 200);
                if (BindChecks.Credentials(again.Object) != BindChecks.Credentials(bound))
                    lab.Violated("the replay has other credentials");
            }
        }),
        new("92", "A bind of an existing id with other parameters is 409 and changes nothing", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, JsonElement bound) = await lab.Binding(instance);
            JsonObject made = lab.Options.BindParameters?.DeepClone().AsObject() ?? [];
            made["x-conformance"] = Guid.NewGuid().ToString();
            JsonObject other = Changed(lab.BindBody(), "parameters", lab.Options.OtherBindParameters ?? made);
            // Parameters that are made up may be invalid, which is as good a reason to refuse.
            Answer answer = await lab.Send(lab.Bind(instance, binding, other));
            lab.Expect(answer, "other parameters", lab.Options.OtherBindParameters is null ? [409, 400] : [409]);
            if (BindChecks.Credentials((await lab.Send(lab.Bind(instance, binding))).Object) != BindChecks.Credentials(bound))
                lab.Violated("after the conflict the credentials are others");
        }),
        new("92", "A bind of an existing id for another app is 409", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, _) = await lab.Binding(instance);
            lab.Expect(await lab.Send(lab.Bind(instance, binding, lab.BindBody(Guid.NewGuid().ToString()))), "another app", 409);
        }),
        new("91", "Who asks and what the context says of names does not make a bind another one", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, _) = await lab.Binding(instance);
            JsonObject renamed = lab.BindBody();
            renamed["context"]!["organization_name"] = "renamed";
            lab.Expect(await lab.Send(lab.Bind(instance, binding, renamed)), "another organization_name", 200);
        }),
        new("90", "While a bind is running its replay is 202 with the same operation, and it cannot be fetched", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer first = await lab.Send(lab.Bind(instance, binding));
            Lab.Needs(first.Status == 202, "the bind was done at once");
            Answer again = await lab.Send(lab.Bind(instance, binding));
            lab.Expect(again, "the replay of a running bind", 202, 200);
            if (again.Status == 202 && again.Operation != first.Operation)
                lab.Violated("the replay of a running bind has another operation");
            Answer fetched = await lab.Send(Asks.FetchBinding(instance, binding));
            Answer operation = await lab.Send(Asks.LastOperation(instance, binding, lab.Plan.Ids, first.Operation));
            if (Json.Text(operation.Object, "state") == "in progress")
            {
                lab.Expect(fetched, "fetching a running bind", 404);
                lab.Expect(await lab.Send(lab.Bind(instance, binding, lab.BindBody(Guid.NewGuid().ToString()))), "another bind of the running id", 409);
            }
        }),
        new("39", "While a bind is running its synchronous replay waits, or is 422", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer first = await lab.Send(lab.Bind(instance, binding));
            Lab.Needs(first.Status == 202, "the bind was done at once");
            Answer again = await lab.Send(lab.Bind(instance, binding, incomplete: false));
            lab.Expect(again, "the synchronous replay of a running bind", 200, 201, 422);
            if (again.Status == 422 && again.ErrorCode is not ("AsyncRequired" or "ConcurrencyError"))
                lab.Violated("the 422 has no code, which Cloud Controller answers with a delete");
        }),
        new("91", "A binding deleted and made again is a new one", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, JsonElement bound) = await lab.Binding(instance);
            lab.Expect(await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind", 200);
            Answer again = await lab.Finished(lab.Bind(instance, binding));
            lab.Expect(again, "the bind after the unbind (a broker need not support that an id is used again)", 200, 201, 400, 409, 410, 422);
            if (again.IsSuccess && BindChecks.Credentials(again.Object) is { } credentials && credentials == BindChecks.Credentials(bound))
                lab.Violated("the new binding has the credentials of the deleted one");
        }),
    ];
}
