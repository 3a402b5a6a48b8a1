using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Unbind, deprovision and orphan mitigation (requirements 114 to 128).</summary>
internal static class DeleteChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("114", "An unbind is 200 with an object and deletes the binding", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, _) = await context.CreateBindingAsync(instance);
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the unbind", 200);
            context.Expect(await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the unbind again", 410);
        }),
        new("39", "Without accepts_incomplete an unbind and a deprovision are 200, or 422 AsyncRequired", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            if (context.Plan.Bindable)
            {
                ExpectAsyncRequired(
                    context,
                    await context.SendAsync(
                        OsbCalls.Unbind(instance, (await context.CreateBindingAsync(instance)).Binding, context.Plan.Ids, incomplete: false)
                    )
                );
            }
            var another = await context.CreateInstanceAsync();
            ExpectAsyncRequired(context, await context.SendAsync(OsbCalls.Deprovision(another, context.Plan.Ids, incomplete: false)));
        }),
        new("116", "An unbind without service_id or plan_id is 400 and deletes nothing", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, _) = await context.CreateBindingAsync(instance);
            foreach ((var what, var query) in IncompleteQueries(context))
            {
                var call = OsbCalls.Unbind(instance, binding, context.Plan.Ids);
                context.Expect(await context.SendAsync(call with { Path = call.Path.Split('?')[0] + query }), $"an unbind {what}", 400);
            }

            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                "the unbind after those",
                200
            );
        }),
        new("117", "An unbind of an unknown binding or of an unknown instance is 410", async context =>
        {
            context.RequireBindable();
            context.Expect(
                await context.SendAsync(OsbCalls.Unbind(await context.CreateInstanceAsync(), Guid.NewGuid().ToString(), context.Plan.Ids)),
                "an unknown binding",
                410
            );
            context.Expect(
                await context.SendAsync(OsbCalls.Unbind(Guid.NewGuid().ToString(), Guid.NewGuid().ToString(), context.Plan.Ids)),
                "an unknown instance",
                410
            );
        }),
        new("120", "An unbind with a wrong service_id or plan_id is never 410 while the binding exists", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, _) = await context.CreateBindingAsync(instance);
            var response = await context.SendAsync(
                OsbCalls.Unbind(instance, binding, new PlanIds(context.Offering.Id, Guid.NewGuid().ToString()))
            );
            if (response.Status == 410)
            {
                context.ReportViolation("410 for an existing binding: the platform forgets it");
            }
            var after = await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
            context.Expect(after, "the right unbind afterwards", response.IsSuccess ? 410 : 200);
        }),
        new("119", "An unbind is accepted while the bind is running and deletes the binding", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            var binding = context.NewBindingId(instance);
            var bind = await context.SendAsync(context.BindCall(instance, binding));
            ConformanceContext.Require(bind.Status == 202, "the bind was synchronous");
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                "the unbind of a running bind",
                200
            );
            var operation = await context.SendAsync(OsbCalls.LastOperation(instance, binding, context.Plan.Ids, bind.Operation));
            if (
                context.Expect(operation, "polling the bind that was stopped", 200, 404, 410)
                && JsonMembers.Text(operation.BodyObject, "state") == "in progress"
            )
            {
                context.ReportViolation("the bind that was stopped is still in progress");
            }
            context.Expect(await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the unbind again", 410);
        }),
        new(
            "121",
            "A deprovision is 200 with an object and then 410; without service_id or plan_id it is 400 and deletes nothing",
            async context =>
            {
                var instance = await context.CreateInstanceAsync();
                foreach ((var what, var query) in IncompleteQueries(context))
                {
                    var call = OsbCalls.Deprovision(instance, context.Plan.Ids);
                    context.Expect(
                        await context.SendAsync(call with { Path = call.Path.Split('?')[0] + query }),
                        $"a deprovision {what}",
                        400
                    );
                }

                context.Expect(
                    await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)),
                    "the deprovision",
                    200
                );
                context.Expect(await context.SendAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)), "the deprovision again", 410);
                context.Expect(
                    await context.SendAsync(OsbCalls.Deprovision(Guid.NewGuid().ToString(), context.Plan.Ids)),
                    "an unknown instance",
                    410
                );
            }
        ),
        new("120", "A deprovision with a wrong service_id or plan_id is never 410 while the instance exists", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var response = await context.SendAsync(
                OsbCalls.Deprovision(instance, new PlanIds(context.Offering.Id, Guid.NewGuid().ToString()))
            );
            if (response.Status == 410)
            {
                context.ReportViolation("410 for an existing instance: the platform forgets it");
            }
        }),
        new("123", "A deprovision with remaining bindings is rejected and changes nothing, or deletes all bindings", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            (var binding, var bound) = await context.CreateBindingAsync(instance);
            var response = await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids));
            if (response.IsSuccess)
            {
                context.Expect(
                    await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                    "the unbind after a deprovision that was done",
                    410
                );
            }
            else if (
                context.ExpectClientError(response, "a deprovision with a binding left")
                && BindChecks.Credentials((await context.SendAsync(context.BindCall(instance, binding))).BodyObject)
                    != BindChecks.Credentials(bound)
            )
            {
                context.ReportViolation("the binding changed after the rejected deprovision");
            }
        }),
        new("122", "A deprovision is accepted while the provision is running", async context =>
        {
            var instance = context.NewInstanceId();
            var provision = await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            ConformanceContext.Require(provision.Status == 202, "provisions are synchronous");
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)),
                "the deprovision of a running provision",
                200
            );
        }),
        new("125", "A delete before the create finds nothing and does not prevent the create; a second delete is accepted", async context =>
        {
            var instance = context.NewInstanceId();
            context.Expect(
                await SendMitigationAsync(context, OsbCalls.Deprovision(instance, context.Plan.Ids)),
                "a delete before the provision",
                410
            );
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Provision(instance, context.ProvisionBody())),
                "the provision after a delete",
                201
            );
            if (context.Plan.Bindable)
            {
                var binding = context.NewBindingId(instance);
                context.Expect(
                    await SendMitigationAsync(context, OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                    "a delete before the bind",
                    410
                );
                context.Expect(
                    await context.SendToCompletionAsync(context.BindCall(instance, binding)),
                    "the bind after a delete",
                    200,
                    201
                );
                context.Expect(
                    await SendMitigationAsync(context, OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                    "the delete after the bind",
                    200,
                    202
                );
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
                context.Expect(
                    await SendMitigationAsync(context, OsbCalls.Unbind(instance, binding, context.Plan.Ids)),
                    "the delete again",
                    410
                );
            }

            context.Expect(
                await SendMitigationAsync(context, OsbCalls.Deprovision(instance, context.Plan.Ids)),
                "the delete after the provision",
                200,
                202
            );
            await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids));
            context.Expect(await SendMitigationAsync(context, OsbCalls.Deprovision(instance, context.Plan.Ids)), "the delete again", 410);
        }),
        new("125", "A delete during a create, repeated afterwards, leaves nothing", async context =>
        {
            context.RequireBindable();
            var instance = await context.CreateInstanceAsync();
            for (var i = 0; i < 10; i++)
            {
                var binding = context.NewBindingId(instance);
                var bind = context.SendAsync(context.BindCall(instance, binding));
                var unbind = SendMitigationAsync(context, OsbCalls.Unbind(instance, binding, context.Plan.Ids));
                var both = await Task.WhenAll(bind, unbind);
                if (both.Any(response => response.Status >= 500 || response.TransportFailure != TransportFailure.None))
                {
                    context.ReportViolation($"a concurrent bind and delete: {both[0].StatusText} and {both[1].StatusText}");
                }
                await context.SendToCompletionAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids));
                context.Expect(await context.SendAsync(OsbCalls.Unbind(instance, binding, context.Plan.Ids)), "the delete after all", 410);
            }
        }),
    ];

    private static Task<OsbResponse> SendMitigationAsync(ConformanceContext context, OsbCall call) =>
        context.SendAsync(call with { SendsOriginatingIdentity = false });

    private static void ExpectAsyncRequired(ConformanceContext context, OsbResponse response)
    {
        context.Expect(response, $"a synchronous {response.Call.Endpoint}", 200, 422);
        if (response.Status == 422 && response.ErrorCode != "AsyncRequired")
        {
            context.ReportViolation($"422 {response.ErrorCode ?? "without a code"} instead of AsyncRequired");
        }
    }

    private static (string What, string Query)[] IncompleteQueries(ConformanceContext context) =>
        [
            ("without a query", ""),
            ("without service_id", $"?plan_id={Uri.EscapeDataString(context.Plan.Id)}&accepts_incomplete=true"),
            ("without plan_id", $"?service_id={Uri.EscapeDataString(context.Offering.Id)}&accepts_incomplete=true"),
            ("with empty ids", "?service_id=&plan_id=&accepts_incomplete=true"),
        ];
}
