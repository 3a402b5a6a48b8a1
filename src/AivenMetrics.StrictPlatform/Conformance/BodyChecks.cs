using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>Bodies, content types and ids of requests (requirements 11 to 23).</summary>
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

    public static IReadOnlyList<Check> All { get; } =
    [
        // In the order of docs/osb-conformance.md.
        new("11", "Unknown fields are ignored at every level", async context =>
        {
            var instance = context.NewInstanceId();
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Provision(instance, WithUnknownFields(context.ProvisionBody()))),
                "a provision with unknown fields",
                201
            );
            context.Expect(
                await context.SendToCompletionAsync(OsbCalls.Update(instance, WithUnknownFields(context.UpdateBody()))),
                "an update with unknown fields",
                200,
                context.Offering.AllowContextUpdates ? 200 : 422
            );
            if (context.Plan.Bindable)
            {
                context.Expect(
                    await context.SendToCompletionAsync(
                        context.BindCall(instance, context.NewBindingId(instance), WithUnknownFields(context.BindBody()))
                    ),
                    "a bind with unknown fields",
                    200,
                    201
                );
            }
            var delete = OsbCalls.Deprovision(context.NewInstanceId(), context.Plan.Ids);
            context.Expect(
                await context.SendAsync(delete with { Path = delete.Path + "&x-conformance=1" }),
                "a delete with an unknown query",
                410
            );
        }),
        new("14", "A malformed body is 400 and creates nothing", async context =>
        {
            foreach ((var what, var body) in Unreadable)
            {
                var instance = context.NewInstanceId();
                context.Expect(
                    await context.SendAsync(OsbCalls.Provision(instance, []) with { RawBody = body }),
                    $"a provision with {what}",
                    400
                );
                await context.ExpectNoInstanceAsync(instance, $"a provision with {what}");
            }

            var existing = await context.CreateInstanceAsync();
            foreach ((var what, var body) in Unreadable)
            {
                context.Expect(
                    await context.SendAsync(OsbCalls.Update(existing, []) with { RawBody = body }),
                    $"an update with {what}",
                    400
                );
                if (context.Plan.Bindable)
                {
                    context.Expect(
                        await context.SendAsync(context.BindCall(existing, context.NewBindingId(existing)) with { RawBody = body }),
                        $"a bind with {what}",
                        400
                    );
                }
            }
        }),
        new("14", "A wrong Content-Type is 400", async context =>
        {
            var existing = await context.CreateInstanceAsync();
            foreach (
                var type in (string[])
                    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json; charset=utf-8", "nonsense"]
            )
            {
                var instance = context.NewInstanceId();
                context.Expect(
                    await context.SendAsync(OsbCalls.Provision(instance, context.ProvisionBody()) with { ContentType = type }),
                    $"a provision of {type}",
                    400
                );
                await context.ExpectNoInstanceAsync(instance, $"a provision of {type}");
                context.Expect(
                    await context.SendAsync(OsbCalls.Update(existing, context.UpdateBody()) with { ContentType = type }),
                    $"an update of {type}",
                    400
                );
                if (context.Plan.Bindable)
                {
                    context.Expect(
                        await context.SendAsync(context.BindCall(existing, context.NewBindingId(existing)) with { ContentType = type }),
                        $"a bind of {type}",
                        400
                    );
                }
            }
        }),
        new("14", "application/json with a charset is accepted; a missing Content-Type may be accepted", async context =>
        {
            foreach (var type in (string[])["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"])
            {
                context.Expect(
                    await context.SendToCompletionAsync(
                        OsbCalls.Provision(context.NewInstanceId(), context.ProvisionBody()) with
                        {
                            ContentType = type,
                        }
                    ),
                    $"a provision of {type}",
                    201
                );
            }
            context.Expect(
                await context.SendToCompletionAsync(
                    OsbCalls.Provision(context.NewInstanceId(), context.ProvisionBody()) with
                    {
                        ContentType = null,
                    }
                ),
                "a provision without Content-Type",
                201,
                400
            );
        }),
        new("21", "Ids may contain any character and are percent-decoded once", async context =>
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
                var instance = context.NewInstanceId(suffix);
                if (
                    !context.Expect(
                        await context.SendToCompletionAsync(OsbCalls.Provision(instance, context.ProvisionBody())),
                        $"a provision of an id that ends with '{suffix}'",
                        201
                    )
                )
                {
                    continue;
                }
                if (context.Offering.InstancesRetrievable)
                {
                    context.Expect(
                        await context.SendAsync(OsbCalls.FetchInstance(instance)),
                        $"fetching the id that ends with '{suffix}'",
                        200
                    );
                }
                // If the id were decoded twice, or not at all, it would be another id.
                var encoded = Uri.EscapeDataString(instance);
                context.Expect(
                    await context.SendToCompletionAsync(OsbCalls.Deprovision(encoded, context.Plan.Ids)),
                    $"deleting the encoded form of an id that ends with '{suffix}', which is another id",
                    encoded == instance ? 200 : 410
                );
                context.Expect(
                    await context.SendToCompletionAsync(OsbCalls.Deprovision(instance, context.Plan.Ids)),
                    $"deleting the id that ends with '{suffix}'",
                    encoded == instance ? 410 : 200
                );
            }
        }),
        new("21", "An unreserved character is equal whether it is percent-encoded or not", async context =>
        {
            var instance = context.NewInstanceId("-A");
            var plain = OsbCalls.Deprovision(instance, context.Plan.Ids);
            await context.SendToCompletionAsync(OsbCalls.Provision(instance, context.ProvisionBody()));
            context.Expect(
                await context.SendToCompletionAsync(plain with { Path = plain.Path.Replace("-A?", "%2d%41?", StringComparison.Ordinal) }),
                "deleting with %41 for A",
                200
            );
        }),
        new("23", "Ids that are too long or wrongly encoded are a 4xx, never a 5xx", async context =>
        {
            foreach (var id in (string[])["%00", "%ff", "%zz", "%", "a%00b", new string('a', 2000), "%e2%82", "%c0%af", "."])
            {
                foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Delete])
                {
                    // Many HTTP servers reject such a path themselves, without the request identity header; none is sent.
                    OsbCall call = new(
                        method == HttpMethod.Get ? Endpoint.FetchInstance : Endpoint.Deprovision,
                        method,
                        $"/v2/service_instances/{id}?{context.Plan.Ids}"
                    );
                    context.ExpectClientError(
                        await context.SendAsync(call.WithHeader(BrokerClient.RequestIdentityHeader, null)),
                        $"{method} of the id {id[..Math.Min(id.Length, 20)]}"
                    );
                }
            }
        }),
        new("23", "Fields of every wrong type are a 4xx, never a 5xx", async context =>
        {
            var existing = await context.CreateInstanceAsync();
            foreach (
                var value in (JsonNode?[])[null, 1, -1e300, true, "", "\0", new string('x', 100_000), new JsonArray(), new JsonObject()]
            )
            {
                foreach (
                    var field in (string[])
                        ["service_id", "plan_id", "organization_guid", "space_guid", "context", "parameters", "maintenance_info"]
                )
                {
                    var response = await context.SendAsync(
                        OsbCalls.Provision(context.NewInstanceId(), WithField(context.ProvisionBody(), field, value))
                    );
                    if (response.Status >= 500 || response.TransportFailure != TransportFailure.None)
                    {
                        context.ReportViolation($"a provision whose {field} is {Abbreviate(value)}: {response.StatusText}");
                    }
                }

                foreach (
                    var field in (string[])
                        ["service_id", "plan_id", "app_guid", "bind_resource", "context", "parameters", "predecessor_binding_id"]
                )
                {
                    var response = await context.SendAsync(
                        context.BindCall(existing, context.NewBindingId(existing), WithField(context.BindBody(), field, value))
                    );
                    if (response.Status >= 500 || response.TransportFailure != TransportFailure.None)
                    {
                        context.ReportViolation($"a bind whose {field} is {Abbreviate(value)}: {response.StatusText}");
                    }
                }
            }
        }),
        new("15", "A path or method that does not exist is a 4xx", async context =>
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
                context.ExpectClientError(await context.SendAsync(new OsbCall(Endpoint.Catalog, method, path)), $"{method} {path}");
            }
        }),
    ];

    /// <summary>Sets a field of a body. A null is written as null.</summary>
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
