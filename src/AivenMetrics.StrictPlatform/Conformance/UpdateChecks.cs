using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PATCH of an instance (76 to 88).</summary>
internal static class UpdateChecks
{
    public static IReadOnlyList<Check> All { get; } = [new("76", "An update without effect is 200, or 202 and then succeeds", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "plan_id", lab.Plan.Id))),
                "an update to the same plan",
                200
            );
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "parameters", new JsonObject()))),
                "empty parameters, as Cloud Controller sends them",
                200
            );
        }), new("78", "An update whose service_id is missing, null, empty, unknown or of a wrong type is a 400", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            lab.Expect(await lab.SendAsync(OsbCalls.Update(instance, WithoutField(lab.UpdateBody(), "service_id"))), "no service_id", 400);
            foreach (var value in (JsonNode?[])[null, "", 1, new JsonArray()])
            {
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "service_id", value))),
                    $"service_id is {value?.ToJsonString() ?? "null"}",
                    400
                );
            }
            lab.ExpectClientError(
                await lab.SendAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "service_id", Guid.NewGuid().ToString()))),
                "an unknown service_id"
            );
        }), new("79", "What an update does not name does not change, and {} as parameters changes nothing", async lab =>
        {
            RequireRetrievable(lab);
            var instance = await lab.CreateInstanceAsync();
            await ExpectUnchangedAsync(
                lab,
                instance,
                async () => await lab.SendToCompletionAsync(OsbCalls.Update(instance, lab.UpdateBody())),
                "an update of the context alone"
            );
            await ExpectUnchangedAsync(
                lab,
                instance,
                async () =>
                    await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "parameters", new JsonObject()))),
                "an update with empty parameters"
            );
        }), new("80", "An update to a plan that the offering does not have is a 4xx and changes nothing", async lab =>
        {
            RequireRetrievable(lab);
            var instance = await lab.CreateInstanceAsync();
            foreach (var value in (JsonNode[])[Guid.NewGuid().ToString(), "", 1, new JsonObject()])
            {
                await ExpectUnchangedAsync(
                    lab,
                    instance,
                    async () =>
                        lab.ExpectClientError(
                            await lab.SendAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "plan_id", value))),
                            $"plan_id is {value.ToJsonString()}"
                        ),
                    $"plan_id {value.ToJsonString()}"
                );
            }
        }), new("81", "A change of the plan works when the plan says plan_updateable, and is 422 otherwise", async lab =>
        {
            ConformanceContext.Require(lab.OtherPlan is not null, "the offering has one plan");
            var instance = await lab.CreateInstanceAsync();
            var answer = await lab.SendToCompletionAsync(
                OsbCalls.Update(instance, WithField(lab.UpdateBody(), "plan_id", lab.OtherPlan!.Id))
            );
            // A plan may need parameters that nobody gave: a refusal for them is 400 or 422.
            if (lab.Plan.Updateable)
            {
                lab.Expect(answer, $"a change to {lab.OtherPlan.Name}", 200, 400, 422);
            }
            else
            {
                lab.Expect(answer, $"a change to {lab.OtherPlan.Name} though plan_updateable is not said", 422);
            }
            if (answer.Status == 200 && lab.Offering.InstancesRetrievable)
            {
                var plan = JsonMembers.Text((await lab.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject, "plan_id");
                if (plan != lab.OtherPlan.Id)
                {
                    lab.ReportViolation("after the change the fetched instance has another plan_id");
                }
                lab.Expect(
                    await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "plan_id", lab.OtherPlan.Id))),
                    "the same change again",
                    200
                );
                lab.Expect(
                    await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "plan_id", lab.Plan.Id))),
                    "the change back",
                    200,
                    400,
                    422
                );
            }
        }), new("83", "A refused update applies nothing", async lab =>
        {
            RequireRetrievable(lab);
            var instance = await lab.CreateInstanceAsync();
            var body = WithField(lab.UpdateBody(), "parameters", "no object");
            if (lab.OtherPlan is { } other)
            {
                body["plan_id"] = other.Id;
            }
            await ExpectUnchangedAsync(
                lab,
                instance,
                async () =>
                    lab.Expect(
                        await lab.SendAsync(OsbCalls.Update(instance, body)),
                        "another plan with parameters that are no object",
                        400,
                        422
                    ),
                "a refused update"
            );
        }), new("65", "An update to another maintenance_info.version is 422 MaintenanceInfoConflict", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            var body = WithField(lab.UpdateBody(), "maintenance_info", new JsonObject { ["version"] = "99.99.99-conformance" });
            var answer = await lab.SendAsync(OsbCalls.Update(instance, body));
            lab.Expect(answer, "a version that the catalog does not have", 422);
            if (answer.ErrorCode != "MaintenanceInfoConflict")
            {
                lab.ReportViolation($"the error is {answer.ErrorCode ?? "absent"} instead of MaintenanceInfoConflict");
            }
        }), new("86", "previous_values is information only, and its maintenance_info may be null", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            JsonObject previous = new()
            {
                ["plan_id"] = lab.Plan.Id,
                ["service_id"] = lab.Offering.Id,
                ["organization_id"] = lab.Options.Tenant.OrganizationGuid,
                ["space_id"] = lab.Options.Tenant.SpaceGuid,
                ["maintenance_info"] = null,
            };
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithField(lab.UpdateBody(), "previous_values", previous))),
                "previous_values as Cloud Controller sends them",
                200
            );
            lab.Expect(
                await lab.SendToCompletionAsync(
                    OsbCalls.Update(instance, WithField(lab.UpdateBody(), "previous_values", new JsonObject { ["plan_id"] = "another" }))
                ),
                "previous_values of another plan",
                200
            );
        }), new("87", "An update of the context alone is 200, and names may change", async lab =>
        {
            ConformanceContext.Require(lab.Offering.AllowContextUpdates, "the offering does not say allow_context_updates");
            var instance = await lab.CreateInstanceAsync();
            var body = lab.UpdateBody();
            body["context"]!["instance_name"] = "conformance-renamed";
            lab.Expect(await lab.SendToCompletionAsync(OsbCalls.Update(instance, body)), "another instance_name", 200);
        }), new("88", "An update of an unknown instance is a clean 4xx", async lab => lab.Expect(await lab.SendAsync(OsbCalls.Update(Guid.NewGuid().ToString(), lab.UpdateBody())), "an unknown id", 400, 404, 410, 422))];

    private static void RequireRetrievable(ConformanceContext lab) =>
        ConformanceContext.Require(lab.Offering.InstancesRetrievable, "what an update does can only be seen with instances_retrievable");

    /// <summary>Fetches before and after: offering, plan and parameters must be equal.</summary>
    private static async Task ExpectUnchangedAsync(ConformanceContext lab, string instance, Func<Task> act, string what)
    {
        var before = await Look();
        await act();
        if (await Look() is var after && after != before)
        {
            lab.ReportViolation($"{what}: {before} became {after}");
        }

        async Task<string> Look()
        {
            var body = (await lab.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject;
            return $"plan {JsonMembers.Text(body, "plan_id")} with parameters {JsonMembers.Member(body, "parameters")?.GetRawText()}";
        }
    }
}
