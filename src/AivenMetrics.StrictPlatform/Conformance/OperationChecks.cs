using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Last operations (43 to 55).</summary>
internal static class OperationChecks
{
    public static IReadOnlyList<Check> All { get; } = [new("50", "The last operation of what does not exist is 404", async lab =>
        {
            var unknown = Guid.NewGuid().ToString();
            lab.Expect(await lab.SendAsync(OsbCalls.LastOperation(unknown, null)), "an unknown instance", 404);
            lab.Expect(
                await lab.SendAsync(OsbCalls.LastOperation(unknown, null, lab.Plan.Ids, "something")),
                "an unknown instance with hints",
                404
            );
            if (!lab.Plan.Bindable)
            {
                return;
            }
            lab.Expect(await lab.SendAsync(OsbCalls.LastOperation(unknown, unknown)), "a binding of an unknown instance", 404);
            lab.Expect(await lab.SendAsync(OsbCalls.LastOperation(await lab.CreateInstanceAsync(), unknown)), "an unknown binding", 404);
        }), new("47", "The last operation of a finished instance and binding is succeeded, if the broker still says it", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            await ExpectSucceededAsync(lab, instance, null);
            if (lab.Plan.Bindable)
            {
                await ExpectSucceededAsync(lab, instance, (await lab.CreateBindingAsync(instance)).Binding);
            }
        }), new("52", "The last operation is answered without hints, and unknown hints do no harm", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            lab.Expect(await lab.SendAsync(OsbCalls.LastOperation(instance, null)), "no hints", 200, 404);
            lab.Expect(
                await lab.SendAsync(OsbCalls.LastOperation(instance, null, lab.Plan.Ids, new string('o', 500))),
                "an unknown operation",
                200,
                400,
                404
            );
            lab.Expect(
                await lab.SendAsync(OsbCalls.LastOperation(instance, null, new PlanIds("?&", "ü"))),
                "hints that are not the instance's",
                200,
                400,
                404
            );
        }), new("54", "A bind in progress ends, and its outcome is told again", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var bind = await lab.SendAsync(lab.BindCall(instance, binding));
            ConformanceContext.Require(bind.Status == 202, "the bind was done at once");
            lab.Expect(
                await lab.SendAsync(OsbCalls.LastOperation(instance, binding, lab.Plan.Ids, bind.Operation)),
                "the poll right after the 202",
                200
            );
            await lab.PollAsync(bind.Call, bind.Operation);
            for (var i = 0; i < 2; i++)
            {
                await ExpectSucceededAsync(lab, instance, binding);
            }
        }), new("51", "After an asynchronous delete the last operation is 410, or 200 succeeded", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var delete = await lab.SendAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids));
            ConformanceContext.Require(delete.Status == 202, "deletes are done at once");
            await lab.PollAsync(delete.Call, delete.Operation);
            lab.Expect(
                await lab.SendAsync(OsbCalls.LastOperation(instance, null, lab.Plan.Ids, delete.Operation)),
                "the poll after the end",
                200,
                410
            );
        })];

    private static async Task ExpectSucceededAsync(ConformanceContext lab, string instance, string? binding)
    {
        var answer = await lab.SendAsync(OsbCalls.LastOperation(instance, binding, lab.Plan.Ids));
        var what = binding is null ? "the instance" : "the binding";
        // A broker that did it at once need not know of an operation.
        if (
            lab.Expect(answer, $"the last operation of {what}", 200, 404, 400)
            && answer.Status == 200
            && JsonMembers.Text(answer.BodyObject, "state") != "succeeded"
        )
        {
            lab.ReportViolation($"the last operation of {what} is {JsonMembers.Text(answer.BodyObject, "state")}");
        }
    }
}
