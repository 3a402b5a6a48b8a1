using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Last operations (43 to 55).</summary>
internal static class OperationChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("50", "The last operation of what does not exist is 404", async lab =>
        {
            string unknown = Guid.NewGuid().ToString();
            lab.Expect(await lab.Send(Asks.LastOperation(unknown, null)), "an unknown instance", 404);
            lab.Expect(await lab.Send(Asks.LastOperation(unknown, null, lab.Plan.Ids, "something")), "an unknown instance with hints", 404);
            if (!lab.Plan.Bindable)
                return;
            lab.Expect(await lab.Send(Asks.LastOperation(unknown, unknown)), "a binding of an unknown instance", 404);
            lab.Expect(await lab.Send(Asks.LastOperation(await lab.Instance(), unknown)), "an unknown binding", 404);
        }),
        new("47", "The last operation of a finished instance and binding is succeeded, if the broker still says it", async lab =>
        {
            string instance = await lab.Instance();
            await ExpectSucceeded(lab, instance, null);
            if (lab.Plan.Bindable)
                await ExpectSucceeded(lab, instance, (await lab.Binding(instance)).Binding);
        }),
        new("52", "The last operation is answered without hints, and unknown hints do no harm", async lab =>
        {
            string instance = await lab.Instance();
            lab.Expect(await lab.Send(Asks.LastOperation(instance, null)), "no hints", 200, 404);
            lab.Expect(await lab.Send(Asks.LastOperation(instance, null, lab.Plan.Ids, new string('o', 500))), "an unknown operation", 200, 400, 404);
            lab.Expect(await lab.Send(Asks.LastOperation(instance, null, new PlanIds("?&", "ü"))), "hints that are not the instance's", 200, 400, 404);
        }),
        new("54", "A bind in progress ends, and its outcome is told again", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer bind = await lab.Send(lab.Bind(instance, binding));
            Lab.Needs(bind.Status == 202, "the bind was done at once");
            lab.Expect(await lab.Send(Asks.LastOperation(instance, binding, lab.Plan.Ids, bind.Operation)), "the poll right after the 202", 200);
            await lab.Poll(bind.Ask, bind.Operation);
            for (int i = 0; i < 2; i++)
                await ExpectSucceeded(lab, instance, binding);
        }),
        new("51", "After an asynchronous delete the last operation is 410, or 200 succeeded", async lab =>
        {
            string instance = await lab.Instance();
            Answer delete = await lab.Send(Asks.Deprovision(instance, lab.Plan.Ids));
            Lab.Needs(delete.Status == 202, "deletes are done at once");
            await lab.Poll(delete.Ask, delete.Operation);
            lab.Expect(await lab.Send(Asks.LastOperation(instance, null, lab.Plan.Ids, delete.Operation)), "the poll after the end", 200, 410);
        }),
    ];

    private static async Task ExpectSucceeded(Lab lab, string instance, string? binding)
    {
        Answer answer = await lab.Send(Asks.LastOperation(instance, binding, lab.Plan.Ids));
        string what = binding is null ? "the instance" : "the binding";
        // A broker that did it at once need not know of an operation.
        if (lab.Expect(answer, $"the last operation of {what}", 200, 404, 400) && answer.Status == 200 && Json.Text(answer.Object, "state") != "succeeded")
            lab.Violated($"the last operation of {what} is {Json.Text(answer.Object, "state")}");
    }
}
