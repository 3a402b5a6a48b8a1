using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Binds that are sent again (44, 90 to 92, 96).</summary>
internal static class BindReplayChecks
{
    public static IReadOnlyList<Check> All { get; } = [new("91", "An identical bind is 200 with the same credentials", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, var bound) = await lab.CreateBindingAsync(instance);
            foreach (var incomplete in (bool[])[true, false])
            {
                var again = await lab.SendAsync(lab.BindCall(instance, binding, incomplete: incomplete));
                lab.Expect(again, "the replay", 200);
                if (BindChecks.Credentials(again.BodyObject) != BindChecks.Credentials(bound))
                {
                    lab.ReportViolation("the replay has other credentials");
                }
            }
        }), new("92", "A bind of an existing id with other parameters is 409 and changes nothing", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, var bound) = await lab.CreateBindingAsync(instance);
            var made = lab.Options.BindParameters?.DeepClone().AsObject() ?? [];
            made["x-conformance"] = Guid.NewGuid().ToString();
            var other = WithField(lab.BindBody(), "parameters", lab.Options.OtherBindParameters ?? made);
            // Parameters that are made up may be invalid, which is as good a reason to refuse.
            var answer = await lab.SendAsync(lab.BindCall(instance, binding, other));
            lab.Expect(answer, "other parameters", lab.Options.OtherBindParameters is null ? [409, 400] : [409]);
            if (BindChecks.Credentials((await lab.SendAsync(lab.BindCall(instance, binding))).BodyObject) != BindChecks.Credentials(bound))
            {
                lab.ReportViolation("after the conflict the credentials are others");
            }
        }), new("92", "A bind of an existing id for another app is 409", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, _) = await lab.CreateBindingAsync(instance);
            lab.Expect(await lab.SendAsync(lab.BindCall(instance, binding, lab.BindBody(Guid.NewGuid().ToString()))), "another app", 409);
        }), new("91", "Who asks and what the context says of names does not make a bind another one", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, _) = await lab.CreateBindingAsync(instance);
            var renamed = lab.BindBody();
            renamed["context"]!["organization_name"] = "renamed";
            lab.Expect(await lab.SendAsync(lab.BindCall(instance, binding, renamed)), "another organization_name", 200);
        }), new("90", "While a bind is running its replay is 202 with the same operation, and it cannot be fetched", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var first = await lab.SendAsync(lab.BindCall(instance, binding));
            ConformanceContext.Require(first.Status == 202, "the bind was done at once");
            var again = await lab.SendAsync(lab.BindCall(instance, binding));
            lab.Expect(again, "the replay of a running bind", 202, 200);
            if (again.Status == 202 && again.Operation != first.Operation)
            {
                lab.ReportViolation("the replay of a running bind has another operation");
            }
            var fetched = await lab.SendAsync(OsbCalls.FetchBinding(instance, binding));
            var operation = await lab.SendAsync(OsbCalls.LastOperation(instance, binding, lab.Plan.Ids, first.Operation));
            if (JsonMembers.Text(operation.BodyObject, "state") == "in progress")
            {
                lab.Expect(fetched, "fetching a running bind", 404);
                lab.Expect(
                    await lab.SendAsync(lab.BindCall(instance, binding, lab.BindBody(Guid.NewGuid().ToString()))),
                    "another bind of the running id",
                    409
                );
            }
        }), new("39", "While a bind is running its synchronous replay waits, or is 422", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var first = await lab.SendAsync(lab.BindCall(instance, binding));
            ConformanceContext.Require(first.Status == 202, "the bind was done at once");
            var again = await lab.SendAsync(lab.BindCall(instance, binding, incomplete: false));
            lab.Expect(again, "the synchronous replay of a running bind", 200, 201, 422);
            if (again.Status == 422 && again.ErrorCode is not ("AsyncRequired" or "ConcurrencyError"))
            {
                lab.ReportViolation("the 422 has no code, which Cloud Controller answers with a delete");
            }
        }), new("91", "A binding deleted and made again is a new one", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, var bound) = await lab.CreateBindingAsync(instance);
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the unbind", 200);
            var again = await lab.SendToCompletionAsync(lab.BindCall(instance, binding));
            lab.Expect(
                again,
                "the bind after the unbind (a broker need not support that an id is used again)",
                200,
                201,
                400,
                409,
                410,
                422
            );
            if (
                again.IsSuccess
                && BindChecks.Credentials(again.BodyObject) is { } credentials
                && credentials == BindChecks.Credentials(bound)
            )
            {
                lab.ReportViolation("the new binding has the credentials of the deleted one");
            }
        })];
}
