using System.Text.Json;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Unbind, deprovision and orphan mitigation (114 to 128).</summary>
internal static class DeleteChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        new("114", "An unbind is 200 with an object, and then the binding is gone", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, _) = await lab.Binding(instance);
            lab.Expect(await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind", 200);
            lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind again", 410);
        }),
        new("39", "Without accepts_incomplete an unbind and a deprovision are 200, or 422 AsyncRequired", async lab =>
        {
            string instance = await lab.Instance();
            if (lab.Plan.Bindable)
                ExpectAsyncRequired(lab, await lab.Send(Asks.Unbind(instance, (await lab.Binding(instance)).Binding, lab.Plan.Ids, incomplete: false)));
            string another = await lab.Instance();
            ExpectAsyncRequired(lab, await lab.Send(Asks.Deprovision(another, lab.Plan.Ids, incomplete: false)));
        }),
        new("116", "An unbind without service_id or plan_id is 400 and deletes nothing", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, _) = await lab.Binding(instance);
            foreach ((string what, string query) in Lacking(lab))
            {
                Ask ask = Asks.Unbind(instance, binding, lab.Plan.Ids);
                lab.Expect(await lab.Send(ask with { Path = ask.Path.Split('?')[0] + query }), $"an unbind {what}", 400);
            }

            lab.Expect(await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind after those", 200);
        }),
        new("117", "An unbind of an unknown binding or of an unknown instance is 410", async lab =>
        {
            lab.NeedsBindings();
            lab.Expect(await lab.Send(Asks.Unbind(await lab.Instance(), Guid.NewGuid().ToString(), lab.Plan.Ids)), "an unknown binding", 410);
            lab.Expect(await lab.Send(Asks.Unbind(Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), lab.Plan.Ids)), "an unknown instance", 410);
        }),
        new("120", "An unbind with a wrong service_id or plan_id is never 410 while the binding exists", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, _) = await lab.Binding(instance);
            Answer answer = await lab.Send(Asks.Unbind(instance, binding, new PlanIds(lab.Offering.Id, Guid.NewGuid().ToString())));
            if (answer.Status == 410)
                lab.Violated("410 for a binding that exists: the platform forgets it");
            Answer after = await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
            lab.Expect(after, "the right unbind afterwards", answer.IsSuccess ? 410 : 200);
        }),
        new("119", "An unbind is accepted while the bind is running, and the binding is gone then", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            string binding = lab.NewBinding(instance);
            Answer bind = await lab.Send(lab.Bind(instance, binding));
            Lab.Needs(bind.Status == 202, "the bind was done at once");
            lab.Expect(await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind of a running bind", 200);
            Answer operation = await lab.Send(Asks.LastOperation(instance, binding, lab.Plan.Ids, bind.Operation));
            if (lab.Expect(operation, "polling the bind that was stopped", 200, 404, 410) && Json.Text(operation.Object, "state") == "in progress")
                lab.Violated("the bind that was stopped is still in progress");
            lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind again", 410);
        }),
        new("121", "A deprovision is 200 with an object and then 410; without service_id or plan_id it is 400 and deletes nothing", async lab =>
        {
            string instance = await lab.Instance();
            foreach ((string what, string query) in Lacking(lab))
            {
                Ask ask = Asks.Deprovision(instance, lab.Plan.Ids);
                lab.Expect(await lab.Send(ask with { Path = ask.Path.Split('?')[0] + query }), $"a deprovision {what}", 400);
            }

            lab.Expect(await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids)), "the deprovision", 200);
            lab.Expect(await lab.Send(Asks.Deprovision(instance, lab.Plan.Ids)), "the deprovision again", 410);
            lab.Expect(await lab.Send(Asks.Deprovision(Guid.NewGuid().ToString(), lab.Plan.Ids)), "an unknown instance", 410);
        }),
        new("120", "A deprovision with a wrong service_id or plan_id is never 410 while the instance exists", async lab =>
        {
            string instance = await lab.Instance();
            Answer answer = await lab.Send(Asks.Deprovision(instance, new PlanIds(lab.Offering.Id, Guid.NewGuid().ToString())));
            if (answer.Status == 410)
                lab.Violated("410 for an instance that exists: the platform forgets it");
        }),
        new("123", "A deprovision with bindings left refuses and changes nothing, or removes all", async lab =>
        {
            string instance = await lab.Instance();
            (string binding, JsonElement bound) = await lab.Binding(instance);
            Answer answer = await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids));
            if (answer.IsSuccess)
                lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the unbind after a deprovision that was done", 410);
            else if (lab.ExpectRefusal(answer, "a deprovision with a binding left") && BindChecks.Credentials((await lab.Send(lab.Bind(instance, binding))).Object) != BindChecks.Credentials(bound))
                lab.Violated("after the refused deprovision the binding is another one");
        }),
        new("122", "A deprovision is accepted while the provision is running", async lab =>
        {
            string instance = lab.NewInstance();
            Answer provision = await lab.Send(Asks.Provision(instance, lab.ProvisionBody()));
            Lab.Needs(provision.Status == 202, "provisions are synchronous");
            lab.Expect(await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids)), "the deprovision of a running provision", 200);
        }),
        new("125", "A delete before its create finds nothing and does not hinder it; two deletes are fine", async lab =>
        {
            string instance = lab.NewInstance();
            lab.Expect(await Mitigate(lab, Asks.Deprovision(instance, lab.Plan.Ids)), "a delete before the provision", 410);
            lab.Expect(await lab.Finished(Asks.Provision(instance, lab.ProvisionBody())), "the provision after a delete", 201);
            if (lab.Plan.Bindable)
            {
                string binding = lab.NewBinding(instance);
                lab.Expect(await Mitigate(lab, Asks.Unbind(instance, binding, lab.Plan.Ids)), "a delete before the bind", 410);
                lab.Expect(await lab.Finished(lab.Bind(instance, binding)), "the bind after a delete", 200, 201);
                lab.Expect(await Mitigate(lab, Asks.Unbind(instance, binding, lab.Plan.Ids)), "the delete after the bind", 200, 202);
                await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await Mitigate(lab, Asks.Unbind(instance, binding, lab.Plan.Ids)), "the delete again", 410);
            }

            lab.Expect(await Mitigate(lab, Asks.Deprovision(instance, lab.Plan.Ids)), "the delete after the provision", 200, 202);
            await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids));
            lab.Expect(await Mitigate(lab, Asks.Deprovision(instance, lab.Plan.Ids)), "the delete again", 410);
        }),
        new("125", "A delete during a create leaves nothing once it is sent again", async lab =>
        {
            lab.NeedsBindings();
            string instance = await lab.Instance();
            for (int i = 0; i < 10; i++)
            {
                string binding = lab.NewBinding(instance);
                Task<Answer> bind = lab.Send(lab.Bind(instance, binding));
                Task<Answer> unbind = Mitigate(lab, Asks.Unbind(instance, binding, lab.Plan.Ids));
                Answer[] both = await Task.WhenAll(bind, unbind);
                if (both.Any(answer => answer.Status >= 500 || answer.Silence != Silence.None))
                    lab.Violated($"a bind and its delete at once: {both[0].Shown} and {both[1].Shown}");
                await lab.Finished(Asks.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await lab.Send(Asks.Unbind(instance, binding, lab.Plan.Ids)), "the delete after all", 410);
            }
        }),
    ];

    private static Task<Answer> Mitigate(Lab lab, Ask ask) => lab.Send(ask with { ByUser = false });

    private static void ExpectAsyncRequired(Lab lab, Answer answer)
    {
        lab.Expect(answer, $"a synchronous {answer.Ask.Endpoint}", 200, 422);
        if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
            lab.Violated($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
    }

    private static (string What, string Query)[] Lacking(Lab lab) =>
    [
        ("without a query", ""),
        ("without service_id", $"?plan_id={Uri.EscapeDataString(lab.Plan.Id)}&accepts_incomplete=true"),
        ("without plan_id", $"?service_id={Uri.EscapeDataString(lab.Offering.Id)}&accepts_incomplete=true"),
        ("with empty ids", "?service_id=&plan_id=&accepts_incomplete=true"),
    ];
}
