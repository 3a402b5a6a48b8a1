using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using static AivenMetrics.StrictPlatform.Conformance.BodyChecks;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>PUT of an instance (57 to 69).</summary>
internal static class ProvisionChecks
{
    private static readonly string[] Required = ["service_id", "plan_id", "organization_guid", "space_guid"];

    public static IReadOnlyList<Check> All { get; } =
    [
        new("57", "A provision is 201, or 202 and then succeeds", async lab =>
        {
            string instance = lab.NewInstance();
            Answer first = await lab.Send(Asks.Provision(instance, lab.ProvisionBody()));
            lab.Expect(first, "a provision", 201, 202);
            if (first.Status == 202)
                await lab.Poll(first.Ask, first.Operation);
        }),
        new("39", "Without accepts_incomplete a provision is 201, or 422 AsyncRequired and makes nothing", async lab =>
        {
            foreach (string query in (string[])["", "?accepts_incomplete=false"])
            {
                string instance = lab.NewInstance();
                Ask ask = Asks.Provision(instance, lab.ProvisionBody(), incomplete: false);
                Answer answer = await lab.Send(ask with { Path = ask.Path + query });
                lab.Expect(answer, $"a provision with the query '{query}'", 201, 422);
                if (answer.Status == 422 && answer.ErrorCode != "AsyncRequired")
                    lab.Violated($"422 {answer.ErrorCode ?? "without a code"} instead of AsyncRequired");
                if (answer.Status == 422)
                    await lab.ExpectNoInstance(instance, "a provision that was AsyncRequired");
            }
        }),
        new("59", "An identical provision is 200 with the body of the first", async lab =>
        {
            string instance = lab.NewInstance();
            Answer first = await lab.Finished(Asks.Provision(instance, lab.ProvisionBody()));
            Answer again = await lab.Send(Asks.Provision(instance, lab.ProvisionBody()));
            lab.Expect(again, "the replay", 200);
            if (Json.Text(first.Object, "dashboard_url") != Json.Text(again.Object, "dashboard_url"))
                lab.Violated("the replay has another dashboard_url");
            lab.Expect(await lab.Send(Asks.Provision(instance, Reordered(lab.ProvisionBody()))), "the replay with its fields in another order", 200);
        }),
        new("60", "A provision of an existing id for another organization, space, plan or with other parameters is 409 and changes nothing", async lab =>
        {
            string instance = await lab.Instance();
            List<(string What, JsonObject Body)> others =
            [
                ("another organization", Owned(lab.ProvisionBody(), "organization_guid")),
                ("another space", Owned(lab.ProvisionBody(), "space_guid")),
            ];
            if (lab.OtherPlan is { } other)
                others.Add(("another plan", Changed(lab.ProvisionBody(other), "parameters", null)));
            JsonElement? before = (await lab.Send(Asks.FetchInstance(instance))).Object;
            foreach ((string what, JsonObject body) in others)
                lab.Expect(await lab.Send(Asks.Provision(instance, body)), what, 409);
            JsonObject parameters = Changed(lab.ProvisionBody(), "parameters", new JsonObject { ["x-conformance"] = Guid.NewGuid().ToString() });
            lab.Expect(await lab.Send(Asks.Provision(instance, parameters)), "other parameters (400 when they are invalid)", 409, 400);
            if (before is not null && !JsonElement.DeepEquals(before.Value, (await lab.Send(Asks.FetchInstance(instance))).Object ?? default))
                lab.Violated("after the conflicts the instance is another one");
        }),
        new("61", "A provision whose required field is missing, null, empty or of a wrong type is 400 and makes nothing", async lab =>
        {
            foreach (string field in Required)
            {
                (string What, JsonObject Body)[] faults =
                [
                    ("missing", Without(lab.ProvisionBody(), field)), ("null", Changed(lab.ProvisionBody(), field, null)), ("empty", Changed(lab.ProvisionBody(), field, "")),
                    ("a number", Changed(lab.ProvisionBody(), field, 1)), ("an object", Changed(lab.ProvisionBody(), field, new JsonObject())),
                ];
                foreach ((string what, JsonObject body) in faults)
                {
                    string instance = lab.NewInstance();
                    lab.Expect(await lab.Send(Asks.Provision(instance, body)), $"{field} is {what}", 400);
                    await lab.ExpectNoInstance(instance, $"a provision whose {field} is {what}");
                }
            }
        }),
        new("62", "An unknown offering or plan, or a plan of another offering, is a 4xx with a description", async lab =>
        {
            foreach (string field in (string[])["service_id", "plan_id"])
            {
                Answer answer = await lab.Send(Asks.Provision(lab.NewInstance(), Changed(lab.ProvisionBody(), field, Guid.NewGuid().ToString())));
                if (lab.ExpectRefusal(answer, $"an unknown {field}") && Json.Text(answer.Object, "description") is null)
                    lab.Violated($"an unknown {field} is refused without a description");
                if (answer.Status == 422 && answer.ErrorCode is null)
                    lab.Violated($"an unknown {field} is a 422 without a code, which Cloud Controller answers with a delete");
            }
        }),
        new("63", "context and parameters are optional, and refused with 400 when they are no objects", async lab =>
        {
            lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), Without(lab.ProvisionBody(), "context"))), "no context", 201, 400);
            if (lab.Options.Parameters is null)
                lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), Changed(lab.ProvisionBody(), "parameters", new JsonObject()))), "empty parameters", 201);
            foreach (string field in (string[])["context", "parameters"])
            {
                foreach (JsonNode value in (JsonNode[])["text", 1, new JsonArray()])
                    lab.Expect(await lab.Send(Asks.Provision(lab.NewInstance(), Changed(lab.ProvisionBody(), field, value))), $"{field} is {value.ToJsonString()}", 400);
            }
        }),
        new("64", "Parameters that the plan's schema does not know are refused with 400", async lab =>
        {
            Lab.Needs(Json.Flag(lab.Plan.ProvisionSchema, "additionalProperties") == false, "the plan's schema allows any parameter");
            JsonObject parameters = lab.Options.Parameters?.DeepClone().AsObject() ?? [];
            parameters["x-conformance-unknown"] = 1;
            lab.Expect(await lab.Send(Asks.Provision(lab.NewInstance(), Changed(lab.ProvisionBody(), "parameters", parameters))), "an unknown parameter", 400);
        }),
        new("65", "Another maintenance_info.version is 422 MaintenanceInfoConflict and makes nothing; a description does not count", async lab =>
        {
            string instance = lab.NewInstance();
            JsonObject wrong = Changed(lab.ProvisionBody(), "maintenance_info", new JsonObject { ["version"] = "99.99.99-conformance" });
            Answer answer = await lab.Send(Asks.Provision(instance, wrong));
            lab.Expect(answer, "a version that the catalog does not have", 422);
            if (answer.ErrorCode != "MaintenanceInfoConflict")
                lab.Violated($"the error is {answer.ErrorCode ?? "absent"} instead of MaintenanceInfoConflict");
            await lab.ExpectNoInstance(instance, "a provision with a maintenance_info conflict");
            if (lab.Plan.MaintenanceInfo is { } info)
            {
                JsonObject right = Changed(lab.ProvisionBody(), "maintenance_info", new JsonObject { ["version"] = Json.Text(info, "version"), ["description"] = "another one" });
                lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), right)), "the right version with another description", 201);
                lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), Without(lab.ProvisionBody(), "maintenance_info"))), "no maintenance_info", 201);
            }
        }),
    ];

    /// <summary>The guid is another one at the top and, where it is, in the context.</summary>
    private static JsonObject Owned(JsonObject body, string field)
    {
        string other = Guid.NewGuid().ToString();
        body[field] = other;
        if (body["context"] is JsonObject context)
        {
            string name = context.ContainsKey(field) ? field : field == "organization_guid" ? "clusterid" : "namespace";
            context[name] = other;
        }

        return body;
    }

    private static JsonObject Reordered(JsonObject body) => new(body.Reverse().Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));
}
