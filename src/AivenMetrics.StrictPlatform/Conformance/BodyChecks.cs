using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Bodies, content types and ids of every request (11 to 23).</summary>
internal static class BodyChecks
{
    private static readonly (string What, string Body)[] Unreadable =
    [
        ("an empty body", ""), ("half an object", "{\"service_id\":"), ("an array", "[]"), ("a string", "\"x\""), ("null", "null"), ("a number", "1"),
        ("text", "service_id=1"), ("XML", "<a/>"), ("two objects", "{} {}"), ("a deep nest", new string('[', 2000) + new string(']', 2000)), ("a lone surrogate", "{\"service_id\":\"\\ud800\"}"),
    ];

    public static IReadOnlyList<Check> All { get; } =
    [
        new("11", "Unknown fields are ignored at every level", async lab =>
        {
            string instance = lab.NewInstance();
            lab.Expect(await lab.Finished(Asks.Provision(instance, WithUnknown(lab.ProvisionBody()))), "a provision with unknown fields", 201);
            lab.Expect(await lab.Finished(Asks.Update(instance, WithUnknown(lab.UpdateBody()))), "an update with unknown fields", 200, lab.Offering.AllowContextUpdates ? 200 : 422);
            if (lab.Plan.Bindable)
                lab.Expect(await lab.Finished(lab.Bind(instance, lab.NewBinding(instance), WithUnknown(lab.BindBody()))), "a bind with unknown fields", 200, 201);
            Ask delete = Asks.Deprovision(lab.NewInstance(), lab.Plan.Ids);
            lab.Expect(await lab.Send(delete with { Path = delete.Path + "&x-conformance=1" }), "a delete with an unknown query", 410);
        }),
        new("14", "A body that cannot be processed is 400 and makes nothing", async lab =>
        {
            foreach ((string what, string body) in Unreadable)
            {
                string instance = lab.NewInstance();
                lab.Expect(await lab.Send(Asks.Provision(instance, []) with { RawBody = body }), $"a provision with {what}", 400);
                await lab.ExpectNoInstance(instance, $"a provision with {what}");
            }

            string existing = await lab.Instance();
            foreach ((string what, string body) in Unreadable)
            {
                lab.Expect(await lab.Send(Asks.Update(existing, []) with { RawBody = body }), $"an update with {what}", 400);
                if (lab.Plan.Bindable)
                    lab.Expect(await lab.Send(lab.Bind(existing, lab.NewBinding(existing)) with { RawBody = body }), $"a bind with {what}", 400);
            }
        }),
        new("14", "A wrong Content-Type is 400", async lab =>
        {
            string existing = await lab.Instance();
            foreach (string type in (string[])["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json; charset=utf-8", "nonsense"])
            {
                string instance = lab.NewInstance();
                lab.Expect(await lab.Send(Asks.Provision(instance, lab.ProvisionBody()) with { ContentType = type }), $"a provision of {type}", 400);
                await lab.ExpectNoInstance(instance, $"a provision of {type}");
                lab.Expect(await lab.Send(Asks.Update(existing, lab.UpdateBody()) with { ContentType = type }), $"an update of {type}", 400);
                if (lab.Plan.Bindable)
                    lab.Expect(await lab.Send(lab.Bind(existing, lab.NewBinding(existing)) with { ContentType = type }), $"a bind of {type}", 400);
            }
        }),
        new("14", "application/json with a charset is the same type; none at all may be processed", async lab =>
        {
            foreach (string type in (string[])["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"])
                lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), lab.ProvisionBody()) with { ContentType = type }), $"a provision of {type}", 201);
            lab.Expect(await lab.Finished(Asks.Provision(lab.NewInstance(), lab.ProvisionBody()) with { ContentType = null }), "a provision without Content-Type", 201, 400);
        }),
        new("21", "Ids may hold any character and are percent-decoded once", async lab =>
        {
            foreach (string suffix in (string[])["/slash", " space", "?query", "#fragment", "%2F", "+plus", "ü-日本-🦉", "&a=b", ";p", ":@!$'()*,=", "\\back", "\"quote\"", "..", "~tilde_._"])
            {
                string instance = lab.NewInstance(suffix);
                if (!lab.Expect(await lab.Finished(Asks.Provision(instance, lab.ProvisionBody())), $"a provision of an id that ends with '{suffix}'", 201))
                    continue;
                if (lab.Offering.InstancesRetrievable)
                    lab.Expect(await lab.Send(Asks.FetchInstance(instance)), $"fetching the id that ends with '{suffix}'", 200);
                // What the id would be if it were decoded twice, or not at all, is another id.
                string encoded = Uri.EscapeDataString(instance);
                lab.Expect(await lab.Finished(Asks.Deprovision(encoded, lab.Plan.Ids)), $"deleting the encoded form of an id that ends with '{suffix}', which is another id", encoded == instance ? 200 : 410);
                lab.Expect(await lab.Finished(Asks.Deprovision(instance, lab.Plan.Ids)), $"deleting the id that ends with '{suffix}'", encoded == instance ? 410 : 200);
            }
        }),
        new("21", "An unreserved character is the same id encoded or not", async lab =>
        {
            string instance = lab.NewInstance("-A");
            Ask plain = Asks.Deprovision(instance, lab.Plan.Ids);
            await lab.Finished(Asks.Provision(instance, lab.ProvisionBody()));
            lab.Expect(await lab.Finished(plain with { Path = plain.Path.Replace("-A?", "%2d%41?", StringComparison.Ordinal) }), "deleting with %41 for A", 200);
        }),
        new("23", "Ids that are too long or ill encoded are a 4xx, never a 5xx", async lab =>
        {
            foreach (string id in (string[])["%00", "%ff", "%zz", "%", "a%00b", new string('a', 2000), "%e2%82", "%c0%af", "."])
            {
                foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
                {
                    // Many HTTP servers refuse such a path before the broker sees it: no identity is sent that could be missed.
                    Ask ask = new(method == HttpMethod.Get ? Endpoint.FetchInstance : Endpoint.Deprovision, method, $"/v2/service_instances/{id}?{lab.Plan.Ids}");
                    lab.ExpectRefusal(await lab.Send(ask.With(BrokerClient.RequestIdentityHeader, null)), $"{method} of the id {id[..Math.Min(id.Length, 20)]}");
                }
            }
        }),
        new("23", "Fields of every wrong type are a 4xx, never a 5xx", async lab =>
        {
            string existing = await lab.Instance();
            foreach (JsonNode? value in (JsonNode?[])[null, 1, -1e300, true, "", "\0", new string('x', 100_000), new JsonArray(), new JsonObject()])
            {
                foreach (string field in (string[])["service_id", "plan_id", "organization_guid", "space_guid", "context", "parameters", "maintenance_info"])
                {
                    Answer answer = await lab.Send(Asks.Provision(lab.NewInstance(), Changed(lab.ProvisionBody(), field, value)));
                    if (answer.Status >= 500 || answer.Silence != Silence.None)
                        lab.Violated($"a provision whose {field} is {Shown(value)}: {answer.Shown}");
                }

                foreach (string field in (string[])["service_id", "plan_id", "app_guid", "bind_resource", "context", "parameters", "predecessor_binding_id"])
                {
                    Answer answer = await lab.Send(lab.Bind(existing, lab.NewBinding(existing), Changed(lab.BindBody(), field, value)));
                    if (answer.Status >= 500 || answer.Silence != Silence.None)
                        lab.Violated($"a bind whose {field} is {Shown(value)}: {answer.Shown}");
                }
            }
        }),
        new("15", "A path or method that does not exist is a 4xx", async lab =>
        {
            foreach ((HttpMethod method, string path) in ((HttpMethod, string)[])[(HttpMethod.Get, "/v2/nothing"), (HttpMethod.Post, "/v2/catalog"), (HttpMethod.Get, "/v2/service_instances"), (HttpMethod.Delete, "/v2/catalog"), (HttpMethod.Post, "/v2/service_instances/x")])
                lab.ExpectRefusal(await lab.Send(new Ask(Endpoint.Catalog, method, path)), $"{method} {path}");
        }),
    ];

    /// <summary>A body whose field has another value; a null is written, not left out.</summary>
    public static JsonObject Changed(JsonObject body, string field, JsonNode? value)
    {
        body[field] = value?.DeepClone();
        return body;
    }

    public static JsonObject Without(JsonObject body, string field)
    {
        body.Remove(field);
        return body;
    }

    private static JsonObject WithUnknown(JsonObject body)
    {
        foreach (JsonObject? place in (JsonObject?[])[body, body["context"] as JsonObject, body["bind_resource"] as JsonObject, body["maintenance_info"] as JsonObject])
        {
            if (place is null)
                continue;
            place["x-conformance"] = "text";
            place["x-conformance-object"] = new JsonObject { ["deep"] = new JsonArray(1, null, "two") };
        }

        return body;
    }

    private static string Shown(JsonNode? value) => value?.ToJsonString() is { } json ? json[..Math.Min(json.Length, 20)] : "null";
}
