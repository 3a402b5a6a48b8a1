using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Repeated binds (requirements 44, 90 to 92 and 96).</summary>
internal static class BindReplayChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("91", "An identical bind is 200 with the same credentials", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, var bound) = await context.CreateBindingAsync(instance);
            foreach (var incomplete in (bool[])[true, false])
            {
                var again = await context.SendAsync(context.BindCall(instance, binding, incomplete: incomplete));
                context.Expect(again, "the replay", 200);
                if (BindChecks.Credentials(again.BodyObject) != BindChecks.Credentials(bound))
                {
                    context.ReportViolation("the replay has other credentials");
                }
            }
        }),
        new("92", "A bind of an existing id with other parameters is 409 and changes nothing", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, var bound) = await context.CreateBindingAsync(instance);
            var made = context.Options.BindParameters?.DeepClone().AsObject() ?? [];
            made["x-conformance"] = Guid.NewGuid().ToString();
            var other = WithField(context.BindBody(), "parameters", context.Options.OtherBindParameters ?? made);
            // The unknown parameter may be invalid, which is another valid reason for an error.
            var response = await context.SendAsync(context.BindCall(instance, binding, other));
            context.Expect(response, "other parameters", context.Options.OtherBindParameters is null ? [409, 400] : [409]);
            if (
                BindChecks.Credentials((await context.SendAsync(context.BindCall(instance, binding))).BodyObject)
                != BindChecks.Credentials(bound)
            )
            {
                context.ReportViolation("the credentials changed after the conflict");
            }
        }),
        new("92", "A bind of an existing id for another app is 409", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, _) = await context.CreateBindingAsync(instance);
            context.Expect(
                await context.SendAsync(context.BindCall(instance, binding, context.BindBody(Guid.NewGuid().ToString()))),
                "another app",
                409
            );
        }),
        new("91", "Another user or another name in the context does not make a bind different", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, _) = await context.CreateBindingAsync(instance);
            var renamed = context.BindBody();
            renamed["context"]!["organization_name"] = "renamed";
            context.Expect(await context.SendAsync(context.BindCall(instance, binding, renamed)), "another organization_name", 200);
        }),
        new("90", "While a bind is running its replay is 202 with the same operation, and it cannot be fetched", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var first = await context.SendAsync(context.BindCall(instance, binding));
            ConformanceContext.Require(first.Status == 202, "the bind was synchronous");
            var again = await context.SendAsync(context.BindCall(instance, binding));
            context.Expect(again, "the replay of a running bind", 202, 200);
            if (again.Status == 202 && again.Operation != first.Operation)
            {
                context.ReportViolation("the replay of a running bind has another operation");
            }
            var fetched = await context.SendAsync(OsbCalls.FetchBinding(instance, binding));
            var operation = await context.SendAsync(OsbCalls.LastOperation(instance, binding, context.Plan.Ids, first.Operation));
            if (JsonMembers.Text(operation.BodyObject, "state") == "in progress")
            {
                context.Expect(fetched, "fetching a running bind", 404);
                context.Expect(
                    await context.SendAsync(context.BindCall(instance, binding, context.BindBody(Guid.NewGuid().ToString()))),
                    "another bind of the running id",
                    409
                );
            }
        }),
        new("39", "While a bind is running its synchronous replay waits, or is 422", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var first = await context.SendAsync(context.BindCall(instance, binding));
            ConformanceContext.Require(first.Status == 202, "the bind was synchronous");
            var again = await context.SendAsync(context.BindCall(instance, binding, incomplete: false));
            context.Expect(again, "the synchronous replay of a running bind", 200, 201, 422);
            if (again.Status == 422 && again.ErrorCode is not ("AsyncRequired" or "ConcurrencyError"))
            {
                context.ReportViolation("the 422 has no error code; Cloud Controller reacts with a delete");
            }
        }),
        new("91", "A binding that is deleted and created again is a new binding", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, var bound) = await context.CreateBindingAsync(instance);
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the unbind", 200);
            var again = await context.SendToCompletionAsync(context.BindCall(instance, binding));
            context.Expect(again, "the bind after the unbind (a broker need not support the reuse of an id)", 200, 201, 400, 409, 410, 422);
            if (
                again.IsSuccess
                && BindChecks.Credentials(again.BodyObject) is { } credentials
                && credentials == BindChecks.Credentials(bound)
            )
            {
                context.ReportViolation("the new binding has the credentials of the deleted one");
            }
        }),
    ];
}
