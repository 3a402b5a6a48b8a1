using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>Ways in which a broker can be wrong, each by the sentence that a test gives it.</summary>
internal static class BrokerViolations
{
    public static void Apply(FakeBroker broker, string what)
    {
        var plans = broker.Catalog["services"]![0]!["plans"]!.AsArray();
        if (what == "two plans of one id")
        {
            plans[1]!["id"] = "plan-1";
        }
        else if (what == "a schema of draft-07")
        {
            plans[0]!["schemas"]!["service_instance"]!["create"]!["parameters"]!["$schema"] = "http://json-schema.org/draft-07/schema#";
        }
        else
        {
            broker.ChangeResponse = ChangeResponse(what);
        }
    }

    private static Func<FakeRequest, FakeResponse, FakeResponse> ChangeResponse(string what)
    {
        HashSet<string> known = [];
        var firstPassword = "";
        return what switch
        {
            "any password opens" => (_, reply) => reply.Status == 401 ? new FakeResponse(200, new JsonObject()) : reply,
            "an unauthenticated provision works" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 401 ? Added(known, request, reply)
                : request.Name == "DELETE instance" && known.Contains(request.Segments[2]) ? Ok()
                : reply,
            "401 without WWW-Authenticate" => (_, reply) => Without(reply, "WWW-Authenticate"),
            "no version is a 500" => (request, reply) =>
                request.Headers["X-Broker-API-Version"].Count == 0 ? reply with { Status = 500 } : reply,
            "version 3.0 is a 404" => (_, reply) => reply.Status == 412 ? reply with { Status = 404 } : reply,
            "version 2.100 is refused" => (request, reply) =>
                request.Headers["X-Broker-API-Version"] == "2.100" ? FakeResponse.Error(412, "Too new.") : reply,
            "the request identity is forgotten on errors" => (_, reply) =>
                reply.Status >= 400 ? Without(reply, "X-Broker-API-Request-Identity") : reply,
            "text/plain answers" => (_, reply) => With(reply, "Content-Type", "text/plain"),
            "a wrong content type is 415" => (request, reply) =>
                reply.Status == 400 && request.Headers.ContentType != "application/json" ? reply with { Status = 415 } : reply,
            "an empty description" => (_, reply) =>
                reply.Status == 400 ? reply with { Body = new JsonObject { ["description"] = "" } } : reply,
            "instance_usable in a bind's error" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 400
                    ? reply with
                    {
                        Body = new JsonObject { ["instance_usable"] = true },
                    }
                    : reply,
            "ConcurrencyError with 409" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 200 ? FakeResponse.Error(409, "Busy.", "ConcurrencyError") : reply,
            "encoded ids are not decoded" => (request, reply) =>
                request.Name == "DELETE instance" && request.Segments[2].Contains('/') ? new FakeResponse(410, new JsonObject()) : reply,
            "a field of a wrong type is a 500" => (_, reply) => reply.Status == 400 ? reply with { Status = 500 } : reply,
            "the catalog is never 304" => (request, reply) => reply.Status == 304 ? reply with { Status = 200 } : reply,
            "the replay of a provision is 409" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 200 ? FakeResponse.Error(409, "Exists.") : reply,
            "another space is 200" => (request, reply) => request.Name == "PUT instance" && reply.Status == 409 ? Ok() : reply,
            "a missing field is 422" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 400 ? reply with { Status = 422 } : reply,
            "an unknown version is taken" => (_, reply) => reply.Status == 422 ? Ok() : reply,
            "a fetched dashboard_url is null" => (request, reply) =>
                request.Name == "GET instance" && reply.Status == 200 ? Set(reply, "dashboard_url", null) : reply,
            "an unknown instance is fetched as 410" => (request, reply) =>
                request.Name == "GET instance" && reply.Status == 404 ? reply with { Status = 410 } : reply,
            "an update loses the parameters" => (request, reply) =>
                request.Method == "PATCH" ? Added(known, request, reply)
                : request.Name == "GET instance" && known.Contains(request.Segments[2]) ? Set(reply, "parameters", new JsonObject())
                : reply,
            "no service_id in an update is fine" => (request, reply) => request.Method == "PATCH" ? Ok() : reply,
            "an empty body to an update" => (request, reply) =>
                request.Method == "PATCH" && reply.Status == 200 ? reply with { Body = null } : reply,
            "the replay of a bind has other credentials" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 200 ? Password(reply, Guid.NewGuid().ToString()) : reply,
            "another app is 200" => (request, reply) => request.Name == "PUT binding" && reply.Status == 409 ? Ok() : reply,
            "all bindings share a password" => (_, reply) =>
                reply.Body?["credentials"] is null
                    ? reply
                    : Password(reply, firstPassword.Length > 0 ? firstPassword : firstPassword = "shared"),
            "a rotation is 422" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 201 && !known.Add(request.Segments[2])
                    ? FakeResponse.Error(422, "No rotation.")
                    : reply,
            "an unknown predecessor is taken" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 400 ? new FakeResponse(201, new JsonObject()) : reply,
            "the last operation of the unknown is 410" => (request, reply) =>
                request.Name.EndsWith("operation", StringComparison.Ordinal) && reply.Status == 404 ? reply with { Status = 410 } : reply,
            "the state is done" => (_, reply) => reply.Body?["state"] is null ? reply : Set(reply, "state", "done"),
            "an unbind of the unknown is 404" => (_, reply) => reply.Status == 410 ? FakeResponse.Error(404, "None.") : reply,
            "a delete without plan_id works" => (request, reply) => request.Method == "DELETE" && reply.Status == 400 ? Ok() : reply,
            "a wrong plan_id is 410" => (request, reply) =>
                request.Method == "DELETE" && reply.Status == 400 ? new FakeResponse(410, new JsonObject()) : reply,
            "a second 201" => (request, reply) => request.Method == "PUT" && reply.Status == 200 ? reply with { Status = 201 } : reply,
            "202 though not accepted" => (request, reply) =>
                request.Method == "PUT" && reply.Status == 422 ? new FakeResponse(202, new JsonObject()) : reply,
            "credentials in a 202" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 202 ? Set(reply, "credentials", new JsonObject()) : reply,
            "an operation of null" => (_, reply) => reply.Status == 202 ? Set(reply, "operation", null) : reply,
            _ => throw new ArgumentException($"nobody knows how a broker does this: {what}", nameof(what)),
        };
    }

    private static FakeResponse Ok() => new(200, new JsonObject());

    private static FakeResponse Added(HashSet<string> known, FakeRequest request, FakeResponse reply)
    {
        known.Add(request.Segments[2]);
        return reply;
    }

    private static FakeResponse Without(FakeResponse reply, string header)
    {
        reply.Headers.Remove(header);
        return reply;
    }

    private static FakeResponse With(FakeResponse reply, string header, string value)
    {
        reply.Headers[header] = value;
        return reply;
    }

    private static FakeResponse Set(FakeResponse reply, string name, JsonNode? value)
    {
        reply.Body![name] = value;
        return reply;
    }

    private static FakeResponse Password(FakeResponse reply, string password) =>
        Set(reply, "credentials", new JsonObject { ["password"] = password });
}
