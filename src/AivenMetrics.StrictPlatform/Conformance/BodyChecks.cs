using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Bodies, content types and ids of every request (11 to 23).</summary>
internal static class BodyChecks
{
    private static readonly (string What, string Body)[] Unreadable =
    [
        ("an empty body", ""),
        ("half an object", "{\"service_id\":"),
        ("an array", "[]"),
        ("a string", "\"x\""),
        ("null", "null"),
        ("a number", "1"),
        ("text", "service_id=1"),
        ("XML", "<a/>"),
        ("two objects", "{} {}"),
        ("a deep nest", new string('[', 2000) + new string(']', 2000)),
        ("a lone surrogate", "{\"service_id\":\"\\ud800\"}"),
    ];

    public static IReadOnlyList<Check> All { get; } = [new("11", "Unknown fields are ignored at every level", async lab =>
        {
            var instance = lab.NewInstanceId();
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Provision(instance, WithUnknownFields(lab.ProvisionBody()))),
                "a provision with unknown fields",
                201
            );
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Update(instance, WithUnknownFields(lab.UpdateBody()))),
                "an update with unknown fields",
                200,
                lab.Offering.AllowContextUpdates ? 200 : 422
            );
            if (lab.Plan.Bindable)
            {
                lab.Expect(
                    await lab.SendToCompletionAsync(lab.BindCall(instance, lab.NewBindingId(instance), WithUnknownFields(lab.BindBody()))),
                    "a bind with unknown fields",
                    200,
                    201
                );
            }
            var delete = OsbCalls.Deprovision(lab.NewInstanceId(), lab.Plan.Ids);
            lab.Expect(await lab.SendAsync(delete with { Path = delete.Path + "&x-conformance=1" }), "a delete with an unknown query", 410);
        }), new("14", "A body that cannot be processed is 400 and makes nothing", async lab =>
        {
            foreach ((var what, var body) in Unreadable)
            {
                var instance = lab.NewInstanceId();
                lab.Expect(await lab.SendAsync(OsbCalls.Provision(instance, []) with { RawBody = body }), $"a provision with {what}", 400);
                await lab.ExpectNoInstanceAsync(instance, $"a provision with {what}");
            }

            var existing = await lab.CreateInstanceAsync();
            foreach ((var what, var body) in Unreadable)
            {
                lab.Expect(await lab.SendAsync(OsbCalls.Update(existing, []) with { RawBody = body }), $"an update with {what}", 400);
                if (lab.Plan.Bindable)
                {
                    lab.Expect(
                        await lab.SendAsync(lab.BindCall(existing, lab.NewBindingId(existing)) with { RawBody = body }),
                        $"a bind with {what}",
                        400
                    );
                }
            }
        }), new("14", "A wrong Content-Type is 400", async lab =>
        {
            var existing = await lab.CreateInstanceAsync();
            foreach (
                var type in (string[])
                    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json; charset=utf-8", "nonsense"]
            )
            {
                var instance = lab.NewInstanceId();
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Provision(instance, lab.ProvisionBody()) with { ContentType = type }),
                    $"a provision of {type}",
                    400
                );
                await lab.ExpectNoInstanceAsync(instance, $"a provision of {type}");
                lab.Expect(
                    await lab.SendAsync(OsbCalls.Update(existing, lab.UpdateBody()) with { ContentType = type }),
                    $"an update of {type}",
                    400
                );
                if (lab.Plan.Bindable)
                {
                    lab.Expect(
                        await lab.SendAsync(lab.BindCall(existing, lab.NewBindingId(existing)) with { ContentType = type }),
                        $"a bind of {type}",
                        400
                    );
                }
            }
        }), new("14", "application/json with a charset is the same type; none at all may be processed", async lab =>
        {
            foreach (var type in (string[])["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"])
            {
                lab.Expect(
                    await lab.SendToCompletionAsync(
                        OsbCalls.Provision(lab.NewInstanceId(), lab.ProvisionBody()) with
                        {
                            ContentType = type,
                        }
                    ),
                    $"a provision of {type}",
                    201
                );
            }
            lab.Expect(
                await lab.SendToCompletionAsync(OsbCalls.Provision(lab.NewInstanceId(), lab.ProvisionBody()) with { ContentType = null }),
                "a provision without Content-Type",
                201,
                400
            );
        }), new("21", "Ids may hold any character and are percent-decoded once", async lab =>
        {
            foreach (
                var suffix in (string[])
                    [
                        "/slash",
                        " space",
                        "?query",
                        "#fragment",
                        "%2F",
                        "+plus",
                        "ü-日本-🦉",
                        "&a=b",
                        ";p",
                        ":@!$'()*,=",
                        "\\back",
                        "\"quote\"",
                        "..",
                        "~tilde_._",
                    ]
            )
            {
                var instance = lab.NewInstanceId(suffix);
                if (
                    !lab.Expect(
                        await lab.SendToCompletionAsync(OsbCalls.Provision(instance, lab.ProvisionBody())),
                        $"a provision of an id that ends with '{suffix}'",
                        201
                    )
                )
                {
                    continue;
                }
                if (lab.Offering.InstancesRetrievable)
                {
                    lab.Expect(await lab.SendAsync(OsbCalls.FetchInstance(instance)), $"fetching the id that ends with '{suffix}'", 200);
                }
                // What the id would be if it were decoded twice, or not at all, is another id.
                var encoded = Uri.EscapeDataString(instance);
                lab.Expect(
                    await lab.SendToCompletionAsync(OsbCalls.Deprovision(encoded, lab.Plan.Ids)),
                    $"deleting the encoded form of an id that ends with '{suffix}', which is another id",
                    encoded == instance ? 200 : 410
                );
                lab.Expect(
                    await lab.SendToCompletionAsync(OsbCalls.Deprovision(instance, lab.Plan.Ids)),
                    $"deleting the id that ends with '{suffix}'",
                    encoded == instance ? 410 : 200
                );
            }
        }), new("21", "An unreserved character is the same id encoded or not", async lab =>
        {
            var instance = lab.NewInstanceId("-A");
            var plain = OsbCalls.Deprovision(instance, lab.Plan.Ids);
            await lab.SendToCompletionAsync(OsbCalls.Provision(instance, lab.ProvisionBody()));
            lab.Expect(
                await lab.SendToCompletionAsync(plain with { Path = plain.Path.Replace("-A?", "%2d%41?", StringComparison.Ordinal) }),
                "deleting with %41 for A",
                200
            );
        }), new("23", "Ids that are too long or ill encoded are a 4xx, never a 5xx", async lab =>
        {
            foreach (var id in (string[])["%00", "%ff", "%zz", "%", "a%00b", new string('a', 2000), "%e2%82", "%c0%af", "."])
            {
                foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
                {
                    // Many HTTP servers refuse such a path before the broker sees it: no identity is sent that could be missed.
                    OsbCall ask = new(
                        method == HttpMethod.Get ? Endpoint.FetchInstance : Endpoint.Deprovision,
                        method,
                        $"/v2/service_instances/{id}?{lab.Plan.Ids}"
                    );
                    lab.ExpectClientError(
                        await lab.SendAsync(ask.WithHeader(BrokerClient.RequestIdentityHeader, null)),
                        $"{method} of the id {id[..Math.Min(id.Length, 20)]}"
                    );
                }
            }
        }), new("23", "Fields of every wrong type are a 4xx, never a 5xx", async lab =>
        {
            var existing = await lab.CreateInstanceAsync();
            foreach (
                var value in (JsonNode?[])[null, 1, -1e300, true, "", "\0", new string('x', 100_000), new JsonArray(), new JsonObject()]
            )
            {
                foreach (
                    var field in (string[])
                        ["service_id", "plan_id", "organization_guid", "space_guid", "context", "parameters", "maintenance_info"]
                )
                {
                    var answer = await lab.SendAsync(OsbCalls.Provision(lab.NewInstanceId(), WithField(lab.ProvisionBody(), field, value)));
                    if (answer.Status >= 500 || answer.TransportFailure != TransportFailure.None)
                    {
                        lab.ReportViolation($"a provision whose {field} is {Abbreviate(value)}: {answer.StatusText}");
                    }
                }

                foreach (
                    var field in (string[])
                        ["service_id", "plan_id", "app_guid", "bind_resource", "context", "parameters", "predecessor_binding_id"]
                )
                {
                    var answer = await lab.SendAsync(
                        lab.BindCall(existing, lab.NewBindingId(existing), WithField(lab.BindBody(), field, value))
                    );
                    if (answer.Status >= 500 || answer.TransportFailure != TransportFailure.None)
                    {
                        lab.ReportViolation($"a bind whose {field} is {Abbreviate(value)}: {answer.StatusText}");
                    }
                }
            }
        }), new("15", "A path or method that does not exist is a 4xx", async lab =>
        {
            foreach (
                (var method, var path) in ((HttpMethod, string)[])
                    [
                        (HttpMethod.Get, "/v2/nothing"),
                        (HttpMethod.Post, "/v2/catalog"),
                        (HttpMethod.Get, "/v2/service_instances"),
                        (HttpMethod.Delete, "/v2/catalog"),
                        (HttpMethod.Post, "/v2/service_instances/x"),
                    ]
            )
            {
                lab.ExpectClientError(await lab.SendAsync(new OsbCall(Endpoint.Catalog, method, path)), $"{method} {path}");
            }
        })];

    /// <summary>A body whose field has another value; a null is written, not left out.</summary>
    public static JsonObject WithField(JsonObject body, string field, JsonNode? value)
    {
        body[field] = value?.DeepClone();
        return body;
    }

    public static JsonObject WithoutField(JsonObject body, string field)
    {
        body.Remove(field);
        return body;
    }

    private static JsonObject WithUnknownFields(JsonObject body)
    {
        foreach (
            var place in (JsonObject?[])
                [body, body["context"] as JsonObject, body["bind_resource"] as JsonObject, body["maintenance_info"] as JsonObject]
        )
        {
            if (place is null)
            {
                continue;
            }
            place["x-conformance"] = "text";
            place["x-conformance-object"] = new JsonObject { ["deep"] = new JsonArray(1, null, "two") };
        }

        return body;
    }

    private static string Abbreviate(JsonNode? value) => value?.ToJsonString() is { } json ? json[..Math.Min(json.Length, 20)] : "null";
}
