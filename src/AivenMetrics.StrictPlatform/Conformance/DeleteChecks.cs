using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Unbind, deprovision and orphan mitigation (114 to 128).</summary>
internal static class DeleteChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [new("114", "An unbind is 200 with an object, and then the binding is gone", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, _) = await lab.CreateBindingAsync(instance);
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the unbind", 200);
            lab.Expect(await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the unbind again", 410);
        }), new("39", "Without accepts_incomplete an unbind and a deprovision are 200, or 422 AsyncRequired", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            if (lab.Plan.Bindable)
            {
                ExpectAsyncRequired(
                    lab,
                    await lab.SendAsync(
                        OsbCalls.Unbind(instance, (await lab.CreateBindingAsync(instance)).Binding, lab.Plan.Ids, incomplete: false)
                    )
                );
            }
            var another = await lab.CreateInstanceAsync();
            ExpectAsyncRequired(lab, await lab.SendAsync(OsbCalls.Deprovision(another, lab.Plan.Ids, incomplete: false)));
        }), new("116", "An unbind without service_id or plan_id is 400 and deletes nothing", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, _) = await lab.CreateBindingAsync(instance);
            foreach ((var what, var query) in IncompleteQueries(lab))
            {
                var ask = OsbCalls.Unbind(instance, binding, lab.Plan.Ids);
                lab.Expect(await lab.SendAsync(ask with { Path = ask.Path.Split('?')[0] + query }), $"an unbind {what}", 400);
            }

            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the unbind after those", 200);
        }), new("117", "An unbind of an unknown binding or of an unknown instance is 410", async lab =>
        {
            lab.RequireBindable();
            lab.Expect(
                await lab.SendAsync(OsbCalls.Unbind(await lab.CreateInstanceAsync(), Guid.NewGuid().ToString(), lab.Plan.Ids)),
                "an unknown binding",
                410
            );
            lab.Expect(
                await lab.SendAsync(OsbCalls.Unbind(Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), lab.Plan.Ids)),
                "an unknown instance",
                410
            );
        }), new("120", "An unbind with a wrong service_id or plan_id is never 410 while the binding exists", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, _) = await lab.CreateBindingAsync(instance);
            var answer = await lab.SendAsync(OsbCalls.Unbind(instance, binding, new PlanIds(lab.Offering.Id, Guid.NewGuid().ToString())));
            if (answer.Status == 410)
            {
                lab.ReportViolation("410 for a binding that exists: the platform forgets it");
            }
            var after = await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
            lab.Expect(after, "the right unbind afterwards", answer.IsSuccess ? 410 : 200);
        }), new("119", "An unbind is accepted while the bind is running, and the binding is gone then", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            var binding = lab.NewBindingId(instance);
            var bind = await lab.SendAsync(lab.BindCall(instance, binding));
            ConformanceContext.Require(bind.Status == 202, "the bind was done at once");
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)),
                "the unbind of a running bind",
                200
            );
            var operation = await lab.SendAsync(OsbCalls.LastOperation(instance, binding, lab.Plan.Ids, bind.Operation));
            if (
                lab.Expect(operation, "polling the bind that was stopped", 200, 404, 410)
                && JsonMembers.Text(operation.BodyObject, "state") == "in progress"
            )
            {
                lab.ReportViolation("the bind that was stopped is still in progress");
            }
            lab.Expect(await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the unbind again", 410);
        }), new("121", "A deprovision is 200 with an object and then 410; without service_id or plan_id it is 400 and deletes nothing", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            foreach ((var what, var query) in IncompleteQueries(lab))
            {
                var ask = OsbCalls.Deprovision(instance, lab.Plan.Ids);
                lab.Expect(await lab.SendAsync(ask with { Path = ask.Path.Split('?')[0] + query }), $"a deprovision {what}", 400);
            }

            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)), "the deprovision", 200);
            lab.Expect(await lab.SendAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)), "the deprovision again", 410);
            lab.Expect(await lab.SendAsync(OsbCalls.Deprovision(Guid.NewGuid().ToString(), lab.Plan.Ids)), "an unknown instance", 410);
        }), new("120", "A deprovision with a wrong service_id or plan_id is never 410 while the instance exists", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var answer = await lab.SendAsync(OsbCalls.Deprovision(instance, new PlanIds(lab.Offering.Id, Guid.NewGuid().ToString())));
            if (answer.Status == 410)
            {
                lab.ReportViolation("410 for an instance that exists: the platform forgets it");
            }
        }), new("123", "A deprovision with bindings left refuses and changes nothing, or removes all", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            (var binding, var bound) = await lab.CreateBindingAsync(instance);
            var answer = await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids));
            if (answer.IsSuccess)
            {
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)),
                    "the unbind after a deprovision that was done",
                    410
                );
            }
            else if (
                lab.ExpectClientError(answer, "a deprovision with a binding left")
                && BindChecks.Credentials((await lab.SendAsync(lab.BindCall(instance, binding))).BodyObject)
                    != BindChecks.Credentials(bound)
            )
            {
                lab.ReportViolation("after the refused deprovision the binding is another one");
            }
        }), new("122", "A deprovision is accepted while the provision is running", async lab =>
        {
            var instance = lab.NewInstanceId();
            var provision = await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            ConformanceContext.Require(provision.Status == 202, "provisions are synchronous");
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)),
                "the deprovision of a running provision",
                200
            );
        }), new("125", "A delete before its create finds nothing and does not hinder it; two deletes are fine", async lab =>
        {
            var instance = lab.NewInstanceId();
            lab.Expect(await SendMitigationAsync(lab, OsbCalls.Deprovision(instance, lab.Plan.Ids)), "a delete before the provision", 410);
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Provision(instance, lab.ProvisionBody())),
                "the provision after a delete",
                201
            );
            if (lab.Plan.Bindable)
            {
                var binding = lab.NewBindingId(instance);
                lab.Expect(
                    await SendMitigationAsync(lab, OsbCalls.Unbind(instance, binding, lab.Plan.Ids)),
                    "a delete before the bind",
                    410
                );
                lab.Expect(await lab.SendToCompletionAsync(lab.BindCall(instance, binding)), "the bind after a delete", 200, 201);
                lab.Expect(
                    await SendMitigationAsync(lab, OsbCalls.Unbind(instance, binding, lab.Plan.Ids)),
                    "the delete after the bind",
                    200,
                    202
                );
                await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await SendMitigationAsync(lab, OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the delete again", 410);
            }

            lab.Expect(
                await SendMitigationAsync(lab, OsbCalls.Deprovision(instance, lab.Plan.Ids)),
                "the delete after the provision",
                200,
                202
            );
            await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids));
            lab.Expect(await SendMitigationAsync(lab, OsbCalls.Deprovision(instance, lab.Plan.Ids)), "the delete again", 410);
        }), new("125", "A delete during a create leaves nothing once it is sent again", async lab =>
        {
            lab.RequireBindable();
            var instance = await lab.CreateInstanceAsync();
            for (var i = 0; i < 10; i++)
            {
                var binding = lab.NewBindingId(instance);
                var bind = lab.SendAsync(lab.BindCall(instance, binding));
                var unbind = SendMitigationAsync(lab, OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
                var both = await Task.WhenAll(bind, unbind);
                if (both.Any(answer => answer.Status >= 500 || answer.TransportFailure != TransportFailure.None))
                {
                    lab.ReportViolation($"a bind and its delete at once: {both[0].StatusText} and {both[1].StatusText}");
                }
                await lab.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids));
                lab.Expect(await lab.SendAsync(OsbCalls.Unbind(instance, binding, lab.Plan.Ids)), "the delete after all", 410);
            }
        })];

    private static Task<OsbResponse> SendMitigationAsync(ConformanceContext lab, OsbCall ask) =>
        lab.SendAsync(ask with { SendsOriginatingIdentity = false });

    private static void ExpectAsyncRequired(ConformanceContext lab, OsbResponse answer)
    {
        lab.Expect(answer, $"a synchronous {answer.Call.Endpoint}", 200, 422);
        if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
        {
            lab.ReportViolation($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
        }
    }

    private static (string What, string Query)[] IncompleteQueries(ConformanceContext lab) =>
        [
            ("without a query", ""),
            ("without service_id", $"?plan_id={Uri.EscapeDataString(lab.Plan.Id)}&accepts_incomplete=true"),
            ("without plan_id", $"?service_id={Uri.EscapeDataString(lab.Offering.Id)}&accepts_incomplete=true"),
            ("with empty ids", "?service_id=&plan_id=&accepts_incomplete=true"),
        ];
}
