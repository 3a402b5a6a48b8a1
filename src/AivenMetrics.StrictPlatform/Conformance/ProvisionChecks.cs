using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT of an instance (57 to 69).</summary>
internal static class ProvisionChecks
{
    private static readonly string[] Required = ["service_id", "plan_id", "organization_guid", "space_guid"];

    public static IReadOnlyList<Check> All { get; } = [new("57", "A provision is 201, or 202 and then succeeds", async lab =>
        {
            var instance = lab.NewInstanceId();
            var first = await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            lab.Expect(first, "a provision", 201, 202);
            if (first.Status == 202)
            {
                await lab.PollAsync(first.Call, first.Operation);
            }
        }), new("39", "Without accepts_incomplete a provision is 201, or 422 AsyncRequired and makes nothing", async lab =>
        {
            foreach (var query in (string[])["", "?accepts_incomplete=false"])
            {
                var instance = lab.NewInstanceId();
                var ask = OsbCalls.Provision(instance, lab.ProvisionBody(), incomplete: false);
                var answer = await lab.SendAsync(ask with { Path = ask.Path + query });
                lab.Expect(answer, $"a provision with the query '{query}'", 201, 422);
                if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
                {
                    lab.ReportViolation($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
                }
                if (answer.Status == 422)
                {
                    await lab.ExpectNoInstanceAsync(instance, "a provision that was AsyncRequired");
                }
            }
        }), new("59", "An identical provision is 200 with the body of the first", async lab =>
        {
            var instance = lab.NewInstanceId();
            var first = await lab.SendToCompletionAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            var again = await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            lab.Expect(again, "the replay", 200);
            if (JsonMembers.Text(first.BodyObject, "dashboard_url") != JsonMembers.Text(again.BodyObject, "dashboard_url"))
            {
                lab.ReportViolation("the replay has another dashboard_url");
            }
            lab.Expect(
                await lab.SendAsync(OsbCalls.Provision(instance, Reordered(lab.ProvisionBody()))),
                "the replay with its fields in another order",
                200
            );
        }), new("60", "A provision of an existing id for another organization, space, plan or with other parameters is 409 and changes nothing", async lab =>
        {
            var instance = await lab.CreateInstanceAsync();
            List<(string What, JsonObject Body)> others =
            [
                ("another organization", WithOtherOwner(lab.ProvisionBody(), "organization_guid")),
                ("another space", WithOtherOwner(lab.ProvisionBody(), "space_guid")),
            ];
            if (lab.OtherPlan is { } other)
            {
                others.Add(("another plan", WithField(lab.ProvisionBody(other), "parameters", null)));
            }
            var before = (await lab.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject;
            foreach ((var what, var body) in others)
            {
                lab.Expect(await lab.SendAsync(OsbCalls.Provision(instance, body)), what, 409);
            }
            var parameters = WithField(lab.ProvisionBody(), "parameters", new JsonObject { ["x-conformance"] = Guid.NewGuid().ToString() });
            lab.Expect(
                await lab.SendAsync(OsbCalls.Provision(instance, parameters)),
                "other parameters (400 when they are invalid)",
                409,
                400
            );
            if (
                before is not null
                && !JsonElement.DeepEquals(before.Value, (await lab.SendAsync(OsbCalls.FetchInstance(instance))).BodyObject ?? default)
            )
            {
                lab.ReportViolation("after the conflicts the instance is another one");
            }
        }), new("61", "A provision whose required field is missing, null, empty or of a wrong type is 400 and makes nothing", async lab =>
        {
            foreach (var field in Required)
            {
                (string What, JsonObject Body)[] faults =
                [
                    ("missing", WithoutField(lab.ProvisionBody(), field)),
                    ("null", WithField(lab.ProvisionBody(), field, null)),
                    ("empty", WithField(lab.ProvisionBody(), field, "")),
                    ("a number", WithField(lab.ProvisionBody(), field, 1)),
                    ("an object", WithField(lab.ProvisionBody(), field, new JsonObject())),
                ];
                foreach ((var what, var body) in faults)
                {
                    var instance = lab.NewInstanceId();
                    lab.Expect(await lab.SendAsync(OsbCalls.Provision(instance, body)), $"{field} is {what}", 400);
                    await lab.ExpectNoInstanceAsync(instance, $"a provision whose {field} is {what}");
                }
            }
        }), new("62", "An unknown offering or plan, or a plan of another offering, is a 4xx with a description", async lab =>
        {
            foreach (var field in (string[])["service_id", "plan_id"])
            {
                var answer = await lab.SendAsync(
                    OsbCalls.Provision(lab.NewInstanceId(), WithField(lab.ProvisionBody(), field, Guid.NewGuid().ToString()))
                );
                if (lab.ExpectClientError(answer, $"an unknown {field}") && JsonMembers.Text(answer.BodyObject, "description") is null)
                {
                    lab.ReportViolation($"an unknown {field} is refused without a description");
                }
                if (answer.Status == 422 && answer.ErrorCode is null)
                {
                    lab.ReportViolation($"an unknown {field} is a 422 without a code, which Cloud Controller answers with a delete");
                }
            }
        }), new("63", "context and parameters are optional, and refused with 400 when they are no objects", async lab =>
        {
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Provision(lab.NewInstanceId(), WithoutField(lab.ProvisionBody(), "context"))),
                "no context",
                201,
                400
            );
            if (lab.Options.Parameters is null)
            {
                lab.Expect(
                    await lab.SendToCompletionAsync(
                        OsbCalls.Provision(lab.NewInstanceId(), WithField(lab.ProvisionBody(), "parameters", new JsonObject()))
                    ),
                    "empty parameters",
                    201
                );
            }
            foreach (var field in (string[])["context", "parameters"])
            {
                foreach (var value in (JsonNode[])["text", 1, new JsonArray()])
                {
                    lab.Expect(
                        await lab.SendAsync(OsbCalls.Provision(lab.NewInstanceId(), WithField(lab.ProvisionBody(), field, value))),
                        $"{field} is {value.ToJsonString()}",
                        400
                    );
                }
            }
        }), new("64", "Parameters that the plan's schema does not know are refused with 400", async lab =>
        {
            ConformanceContext.Require(
                JsonMembers.Boolean(lab.Plan.ProvisionSchema, "additionalProperties") == false,
                "the plan's schema allows any parameter"
            );
            var parameters = lab.Options.Parameters?.DeepClone().AsObject() ?? [];
            parameters["x-conformance-unknown"] = 1;
            lab.Expect(
                await lab.SendAsync(OsbCalls.Provision(lab.NewInstanceId(), WithField(lab.ProvisionBody(), "parameters", parameters))),
                "an unknown parameter",
                400
            );
        }), new("65", "Another maintenance_info.version is 422 MaintenanceInfoConflict and makes nothing; a description does not count", async lab =>
        {
            var instance = lab.NewInstanceId();
            var wrong = WithField(lab.ProvisionBody(), "maintenance_info", new JsonObject { ["version"] = "99.99.99-conformance" });
            var answer = await lab.SendAsync(OsbCalls.Provision(instance, wrong));
            lab.Expect(answer, "a version that the catalog does not have", 422);
            if (answer.ErrorCode != "MaintenanceInfoConflict")
            {
                lab.ReportViolation($"the error is {answer.ErrorCode ?? "absent"} instead of MaintenanceInfoConflict");
            }
            await lab.ExpectNoInstanceAsync(instance, "a provision with a maintenance_info conflict");
            if (lab.Plan.MaintenanceInfo is { } info)
            {
                var right = WithField(
                    lab.ProvisionBody(),
                    "maintenance_info",
                    new JsonObject { ["version"] = JsonMembers.Text(info, "version"), ["description"] = "another one" }
                );
                lab.Expect(
                    await lab.SendToCompletionAsync(OsbCalls.Provision(lab.NewInstanceId(), right)),
                    "the right version with another description",
                    201
                );
                lab.Expect(
                    await lab.SendToCompletionAsync(
                        OsbCalls.Provision(lab.NewInstanceId(), WithoutField(lab.ProvisionBody(), "maintenance_info"))
                    ),
                    "no maintenance_info",
                    201
                );
            }
        })];

    /// <summary>The guid is another one at the top and, where it is, in the context.</summary>
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
