using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT of an instance (requirements 57 to 69).</summary>
internal static class ProvisionChecks
{
    private static readonly string[] Required = ["service_id", "plan_id", "organization_guid", "space_guid"];

    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("57", "A provision is 201, or 202 and then succeeds", async context =>
        {
            var instance = context.NewInstanceId();
            var first = await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            context.Expect(first, "a provision", 201, 202);
            if (first.Status == 202)
            {
                await context.PollAsync(first.Call, first.Operation);
            }
        }),
        new("39", "Without accepts_incomplete a provision is 201, or 422 AsyncRequired and creates nothing", async context =>
        {
            foreach (var query in (string[])["", "?accepts_incomplete=false"])
            {
                var instance = context.NewInstanceId();
                var call = OsbCalls.Provision(instance, context.ProvisionBody(), incomplete: false);
                var response = await context.SendAsync(call with { Path = call.Path + query });
                context.Expect(response, $"a provision with the query '{query}'", 201, 422);
                if (response.Status == 422 && response.ErrorCode != "AsyncRequired")
                {
                    context.ReportViolation($"422 {response.ErrorCode ?? "without a code"} instead of AsyncRequired");
                }
                if (response.Status == 422)
                {
                    await context.ExpectNoInstanceAsync(instance, "a provision that was AsyncRequired");
                }
            }
        }),
        new("59", "An identical provision is 200 with the same body", async context =>
        {
            var instance = context.NewInstanceId();
            var first = await context.SendToCompletionAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            var again = await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            context.Expect(again, "the replay", 200);
            if (JsonMembers.Text(first.BodyObject, "dashboard_url") != JsonMembers.Text(again.BodyObject, "dashboard_url"))
            {
                context.ReportViolation("the replay has another dashboard_url");
            }
            context.Expect(
                await context.SendAsync(OsbCalls.Provision(instance, Reordered(context.ProvisionBody()))),
                "the replay with its fields in another order",
                200
            );
        }),
        new(
            "60",
            "A provision of an existing id for another organization, space, plan or with other parameters is 409 and changes nothing",
            async context =>
            {
                var instance = await context.CreateInstanceAsync();
                List<(string What, JsonObject Body)> others =
                [
                    ("another organization", WithOtherOwner(context.ProvisionBody(), "organization_guid")),
                    ("another space", WithOtherOwner(context.ProvisionBody(), "space_guid")),
                ];
                if (context.OtherPlan is { } other)
                {
                    others.Add(("another plan", WithField(context.ProvisionBody(other), "parameters", null)));
                }
                var before = (await context.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject;
                foreach ((var what, var body) in others)
                {
                    context.Expect(await context.SendAsync(OsbCalls.Provision(instance, body)), what, 409);
                }
                var parameters = WithField(
                    context.ProvisionBody(),
                    "parameters",
                    new JsonObject { ["x-conformance"] = Guid.NewGuid().ToString() }
                );
                context.Expect(
                    await context.SendAsync(OsbCalls.Provision(instance, parameters)),
                    "other parameters (400 when they are invalid)",
                    409,
                    400
                );
                if (
                    before is not null
                    && !JsonElement.DeepEquals(
                        before.Value,
                        (await context.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject ?? default
                    )
                )
                {
                    context.ReportViolation("the instance changed after the conflicts");
                }
            }
        ),
        new("61", "A provision whose required field is missing, null, empty or of a wrong type is 400 and creates nothing", async context =>
        {
            foreach (var field in Required)
            {
                (string What, JsonObject Body)[] findings =
                [
                    ("missing", WithoutField(context.ProvisionBody(), field)),
                    ("null", WithField(context.ProvisionBody(), field, null)),
                    ("empty", WithField(context.ProvisionBody(), field, "")),
                    ("a number", WithField(context.ProvisionBody(), field, 1)),
                    ("an object", WithField(context.ProvisionBody(), field, new JsonObject())),
                ];
                foreach ((var what, var body) in findings)
                {
                    var instance = context.NewInstanceId();
                    context.Expect(await context.SendAsync(OsbCalls.Provision(instance, body)), $"{field} is {what}", 400);
                    await context.ExpectNoInstanceAsync(instance, $"a provision whose {field} is {what}");
                }
            }
        }),
        new("62", "An unknown offering or plan, or a plan of another offering, is a 4xx with a description", async context =>
        {
            foreach (var field in (string[])["service_id", "plan_id"])
            {
                var response = await context.SendAsync(
                    OsbCalls.Provision(context.NewInstanceId(), WithField(context.ProvisionBody(), field, Guid.NewGuid().ToString()))
                );
                if (
                    context.ExpectClientError(response, $"an unknown {field}")
                    && JsonMembers.Text(response.BodyObject, "description") is null
                )
                {
                    context.ReportViolation($"an unknown {field} is rejected without a description");
                }
                if (response.Status == 422 && response.ErrorCode is null)
                {
                    context.ReportViolation($"an unknown {field} is a 422 without an error code; Cloud Controller reacts with a delete");
                }
            }
        }),
        new("63", "context and parameters are optional, and 400 if they are not objects", async context =>
        {
            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls.Provision(context.NewInstanceId(), WithoutField(context.ProvisionBody(), "context"))
                ),
                "no context",
                201,
                400
            );
            if (context.Options.Parameters is null)
            {
                context.Expect(
                    await context.SendToCompletionAsync(
                        OsbCalls.Provision(context.NewInstanceId(), WithField(context.ProvisionBody(), "parameters", new JsonObject()))
                    ),
                    "empty parameters",
                    201
                );
            }
            foreach (var field in (string[])["context", "parameters"])
            {
                foreach (var value in (JsonNode[])["text", 1, new JsonArray()])
                {
                    context.Expect(
                        await context.SendAsync(
                            OsbCalls.Provision(context.NewInstanceId(), WithField(context.ProvisionBody(), field, value))
                        ),
                        $"{field} is {value.ToJsonString()}",
                        400
                    );
                }
            }
        }),
        new("64", "Parameters that are not in the plan's schema are 400", async context =>
        {
            ConformanceContext.Require(
                JsonMembers.Boolean(context.Plan.ProvisionSchema, "additionalProperties") == false,
                "the plan's schema allows any parameter"
            );
            var parameters = context.Options.Parameters?.DeepClone().AsObject() ?? [];
            parameters["x-conformance-unknown"] = 1;
            context.Expect(
                await context.SendAsync(
                    OsbCalls.Provision(context.NewInstanceId(), WithField(context.ProvisionBody(), "parameters", parameters))
                ),
                "an unknown parameter",
                400
            );
        }),
        new(
            "65",
            "Another maintenance_info.version is 422 MaintenanceInfoConflict and creates nothing; the description is not compared",
            async context =>
            {
                var instance = context.NewInstanceId();
                var wrong = WithField(context.ProvisionBody(), "maintenance_info", new JsonObject { ["version"] = "99.99.99-conformance" });
                var response = await context.SendAsync(OsbCalls.Provision(instance, wrong));
                context.Expect(response, "a version that the catalog does not have", 422);
                if (response.ErrorCode != "MaintenanceInfoConflict")
                {
                    context.ReportViolation($"the error is {response.ErrorCode ?? "absent"} instead of MaintenanceInfoConflict");
                }
                await context.ExpectNoInstanceAsync(instance, "a provision with a maintenance_info conflict");
                if (context.Plan.MaintenanceInfo is { } info)
                {
                    var right = WithField(
                        context.ProvisionBody(),
                        "maintenance_info",
                        new JsonObject { ["version"] = JsonMembers.Text(info, "version"), ["description"] = "another one" }
                    );
                    context.Expect(
                        await context.SendToCompletionAsync(OsbCalls.Provision(context.NewInstanceId(), right)),
                        "the right version with another description",
                        201
                    );
                    context.Expect(
                        await context.SendToCompletionAsync(
                            OsbCalls.Provision(context.NewInstanceId(), WithoutField(context.ProvisionBody(), "maintenance_info"))
                        ),
                        "no maintenance_info",
                        201
                    );
                }
            }
        ),
    ];

    /// <summary>Replaces the GUID at the top of the body and in the context.</summary>
    private static JsonObject WithOtherOwner(JsonObject body, string field)
    {
        var other = Guid.NewGuid().ToString();
        body[field] = other;
        if (body["context"] is JsonObject context)
        {
            var name =
                context.ContainsKey(field) ? field
                : field == "organization_guid" ? "clusterid"
                : "namespace";
            context[name] = other;
        }

        return body;
    }

    private static JsonObject Reordered(JsonObject body) =>
        new(body.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
}
