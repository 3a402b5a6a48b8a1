using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Last operations (requirements 43 to 55).</summary>
internal static class OperationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("50", "The last operation of a resource that does not exist is 404", async context =>
        {
            var unknown = Guid.NewGuid().ToString();
            context.Expect(await context.SendAsync(OsbCalls.LastOperation(unknown, null)), "an unknown instance", 404);
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(unknown, null, context.Plan.Ids, "something")),
                "an unknown instance with hints",
                404
            );
            if (!context.Plan.Bindable)
            {
                return;
            }
            context.Expect(await context.SendAsync(OsbCalls.LastOperation(unknown, unknown)), "a binding of an unknown instance", 404);
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(await context.CreateInstanceAsync(), unknown)),
                "an unknown binding",
                404
            );
        }),
        new("47", "The last operation of a finished instance or binding is succeeded, if the broker still returns it", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            await ExpectSucceededAsync(context, instance, null);
            if (context.Plan.Bindable)
            {
                await ExpectSucceededAsync(context, instance, (await context.CreateBindingAsync(instance)).Binding);
            }
        }),
        new("52", "The last operation is returned without hints in the query; unknown hints do not fail", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            context.Expect(await context.SendAsync(OsbCalls.LastOperation(instance, null)), "no hints", 200, 404);
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(instance, null, context.Plan.Ids, new string('o', 500))),
                "an unknown operation",
                200,
                400,
                404
            );
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(instance, null, new PlanIds("?&", "ü"))),
                "hints that are not the instance's",
                200,
                400,
                404
            );
        }),
        new("54", "A bind in progress ends, and its outcome can be polled again", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var bind = await context.SendAsync(context.BindCall(instance, binding));
            ConformanceContext.Require(bind.Status == 202, "the bind was synchronous");
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(instance, binding, context.Plan.Ids, bind.Operation)),
                "the poll right after the 202",
                200
            );
            await context.PollAsync(bind.Call, bind.Operation);
            for (var i = 0; i < 2; i++)
            {
                await ExpectSucceededAsync(context, instance, binding);
            }
        }),
        new("51", "After an asynchronous delete the last operation is 410, or 200 succeeded", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var delete = await context.SendAsync(OsbCalls.Deprovision(instance, context.Plan.Ids));
            ConformanceContext.Require(delete.Status == 202, "deletes are synchronous");
            await context.PollAsync(delete.Call, delete.Operation);
            context.Expect(
                await context.SendAsync(OsbCalls.LastOperation(instance, null, context.Plan.Ids, delete.Operation)),
                "the poll after the end",
                200,
                410
            );
        }),
    ];

    private static async Task ExpectSucceededAsync(ConformanceContext context, string instance, string? binding)
    {
        var response = await context.SendAsync(OsbCalls.LastOperation(instance, binding, context.Plan.Ids));
        var what = binding is null ? "the instance" : "the binding";
        // After a synchronous request a broker may have no operation.
        if (
            context.Expect(response, $"the last operation of {what}", 200, 404, 400)
            && response.Status == 200
            && JsonMembers.Text(response.BodyObject, "state") != "succeeded"
        )
        {
            context.ReportViolation($"the last operation of {what} is {JsonMembers.Text(response.BodyObject, "state")}");
        }
    }
}
