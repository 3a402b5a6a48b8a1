using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PATCH of an instance (requirements 76 to 88).</summary>
internal static class UpdateChecks
{
    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("76", "An update without effect is 200, or 202 and then succeeds", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Update(instance, WithField(context.UpdateBody(), "plan_id", context.Plan.Id))),
                "an update to the same plan",
                200
            );
            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls.Update(instance, WithField(context.UpdateBody(), "parameters", new JsonObject()))
                ),
                "empty parameters, as Cloud Controller sends them",
                200
            );
        }),
        new("78", "An update whose service_id is missing, null, empty, unknown or of a wrong type is a 400", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            context.Expect(
                await context.SendAsync(OsbCalls.Update(instance, WithoutField(context.UpdateBody(), "service_id"))),
                "no service_id",
                400
            );
            foreach (var value in (JsonNode?[])[null, "", 1, new JsonArray()])
            {
                context.Expect(
                    await context.SendAsync(OsbCalls.Update(instance, WithField(context.UpdateBody(), "service_id", value))),
                    $"service_id is {value?.ToJsonString() ?? "null"}",
                    400
                );
            }
            context.ExpectClientError(
                await context.SendAsync(
                    OsbCalls.Update(instance, WithField(context.UpdateBody(), "service_id", Guid.NewGuid().ToString()))
                ),
                "an unknown service_id"
            );
        }),
        new("79", "Fields that an update omits do not change; empty parameters change nothing", async context =>
        {
            RequireRetrievable(context);
            var instance = await context.CreateInstanceAsync();
            await ExpectUnchangedAsync(
                context,
                instance,
                async () => await context.SendToCompletionAsync(OsbCalls.Update(instance, context.UpdateBody())),
                "an update of the context alone"
            );
            await ExpectUnchangedAsync(
                context,
                instance,
                async () =>
                    await context.SendToCompletionAsync(
                        OsbCalls.Update(instance, WithField(context.UpdateBody(), "parameters", new JsonObject()))
                    ),
                "an update with empty parameters"
            );
        }),
        new("80", "An update to a plan that the offering does not have is a 4xx and changes nothing", async context =>
        {
            RequireRetrievable(context);
            var instance = await context.CreateInstanceAsync();
            foreach (var value in (JsonNode[])[Guid.NewGuid().ToString(), "", 1, new JsonObject()])
            {
                await ExpectUnchangedAsync(
                    context,
                    instance,
                    async () =>
                        context.ExpectClientError(
                            await context.SendAsync(OsbCalls.Update(instance, WithField(context.UpdateBody(), "plan_id", value))),
                            $"plan_id is {value.ToJsonString()}"
                        ),
                    $"plan_id {value.ToJsonString()}"
                );
            }
        }),
        new("81", "A change of the plan succeeds if plan_updateable is set, and is 422 otherwise", async context =>
        {
            ConformanceContext.Require(context.OtherPlan is not null, "the offering has only one plan");
            var instance = await context.CreateInstanceAsync();
            var response = await context.SendToCompletionAsync(
                OsbCalls.Update(instance, WithField(context.UpdateBody(), "plan_id", context.OtherPlan!.Id))
            );
            // The other plan may require parameters; then the response is 400 or 422.
            if (context.Plan.Updateable)
            {
                context.Expect(response, $"a change to {context.OtherPlan.Name}", 200, 400, 422);
            }
            else
            {
                context.Expect(response, $"a change to {context.OtherPlan.Name} although plan_updateable is not set", 422);
            }
            if (response.Status == 200 && context.Offering.InstancesRetrievable)
            {
                var plan = JsonMembers.Text((await context.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject, "plan_id");
                if (plan != context.OtherPlan.Id)
                {
                    context.ReportViolation("after the change the fetched instance has another plan_id");
                }
                context.Expect(
                    await context.SendToCompletionAsync(
                        OsbCalls.Update(instance, WithField(context.UpdateBody(), "plan_id", context.OtherPlan.Id))
                    ),
                    "the same change again",
                    200
                );
                context.Expect(
                    await context.SendToCompletionAsync(
                        OsbCalls.Update(instance, WithField(context.UpdateBody(), "plan_id", context.Plan.Id))
                    ),
                    "the change back",
                    200,
                    400,
                    422
                );
            }
        }),
        new("83", "A rejected update changes nothing", async context =>
        {
            RequireRetrievable(context);
            var instance = await context.CreateInstanceAsync();
            var body = WithField(context.UpdateBody(), "parameters", "no object");
            if (context.OtherPlan is { } other)
            {
                body["plan_id"] = other.Id;
            }
            await ExpectUnchangedAsync(
                context,
                instance,
                async () =>
                    context.Expect(
                        await context.SendAsync(OsbCalls.Update(instance, body)),
                        "another plan with parameters that are no object",
                        400,
                        422
                    ),
                "a rejected update"
            );
        }),
        new("65", "An update to another maintenance_info.version is 422 MaintenanceInfoConflict", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            var body = WithField(context.UpdateBody(), "maintenance_info", new JsonObject { ["version"] = "99.99.99-conformance" });
            var response = await context.SendAsync(OsbCalls.Update(instance, body));
            context.Expect(response, "a version that the catalog does not have", 422);
            if (response.ErrorCode != "MaintenanceInfoConflict")
            {
                context.ReportViolation($"the error is {response.ErrorCode ?? "absent"} instead of MaintenanceInfoConflict");
            }
        }),
        new("86", "previous_values has no effect, and its maintenance_info may be null", async context =>
        {
            var instance = await context.CreateInstanceAsync();
            JsonObject previous = new()
            {
                ["plan_id"] = context.Plan.Id,
                ["service_id"] = context.Offering.Id,
                ["organization_id"] = context.Options.Tenant.OrganizationGuid,
                ["space_id"] = context.Options.Tenant.SpaceGuid,
                ["maintenance_info"] = null,
            };
            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls.Update(instance, WithField(context.UpdateBody(), "previous_values", previous))
                ),
                "previous_values as Cloud Controller sends them",
                200
            );
            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls.Update(
                        instance,
                        WithField(context.UpdateBody(), "previous_values", new JsonObject { ["plan_id"] = "another" })
                    )
                ),
                "previous_values of another plan",
                200
            );
        }),
        new("87", "An update of the context alone is 200, and may change names", async context =>
        {
            ConformanceContext.Require(context.Offering.AllowContextUpdates, "the offering does not set allow_context_updates");
            var instance = await context.CreateInstanceAsync();
            var body = context.UpdateBody();
            body["context"]!["instance_name"] = "conformance-renamed";
            context.Expect(await context.SendToCompletionAsync(OsbCalls.Update(instance, body)), "another instance_name", 200);
        }),
        new("88", "An update of an unknown instance is a 4xx", async context =>
            context.Expect(
                await context.SendAsync(OsbCalls.Update(Guid.NewGuid().ToString(), context.UpdateBody())),
                "an unknown id",
                400,
                404,
                410,
                422
            )
        ),
    ];

    private static void RequireRetrievable(ConformanceContext context) =>
        ConformanceContext.Require(
            context.Offering.InstancesRetrievable,
            "the effect of an update is only observable with instances_retrievable"
        );

    /// <summary>Fetches the instance before and after: plan and parameters must be equal.</summary>
    private static async Task ExpectUnchangedAsync(ConformanceContext context, string instance, Func<Task> act, string what)
    {
        var before = await Look();
        await act();
        if (await Look() is var after && after != before)
        {
            context.ReportViolation($"{what}: {before} became {after}");
        }

        async Task<string> Look()
        {
            var body = (await context.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject;
            return $"plan {JsonMembers.Text(body, "plan_id")} with parameters {JsonMembers.Member(body, "parameters")?.GetRawText()}";
        }
    }
}
