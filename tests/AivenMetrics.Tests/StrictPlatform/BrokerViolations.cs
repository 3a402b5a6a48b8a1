using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>Violations of the specification, each with a name that the tests use.</summary>
internal static class BrokerViolations
{
    public static void Apply(FakeBroker broker, string violation)
    {
        var plans = broker.Catalog["services"]![0]!["plans"]!.AsArray();
        if (violation == "two plans have the same id")
        {
            plans[1]!["id"] = "plan-1";
        }
        else if (violation == "a schema uses draft-07")
        {
            plans[0]!["schemas"]!["service_instance"]!["create"]!["parameters"]!["$schema"] = "http://json-schema.org/draft-07/schema#";
        }
        else
        {
            broker.ChangeResponse = ChangeResponse(violation);
        }
    }

    private static Func<FakeRequest, FakeResponse, FakeResponse> ChangeResponse(string violation)
    {
        HashSet<string> known = [];
        var firstPassword = "";
        return violation switch
        {
            "any password is accepted" => (_, reply) => reply.Status == 401 ? new FakeResponse(200, new JsonObject()) : reply,
            "an unauthenticated provision creates an instance" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 401 ? Added(known, request, reply)
                : request.Name == "DELETE instance" && known.Contains(request.Segments[2]) ? Ok()
                : reply,
            "a 401 has no WWW-Authenticate header" => (_, reply) => Without(reply, "WWW-Authenticate"),
            "a request without a version is 500" => (request, reply) =>
                request.Headers["X-Broker-API-Version"].Count == 0 ? reply with { Status = 500 } : reply,
            "version 3.0 is 404" => (_, reply) => reply.Status == 412 ? reply with { Status = 404 } : reply,
            "version 2.100 is rejected" => (request, reply) =>
                request.Headers["X-Broker-API-Version"] == "2.100" ? FakeResponse.Error(412, "Too new.") : reply,
            "errors have no request identity" => (_, reply) =>
                reply.Status >= 400 ? Without(reply, "X-Broker-API-Request-Identity") : reply,
            "responses are text/plain" => (_, reply) => With(reply, "Content-Type", "text/plain"),
            "a wrong content type is 415" => (request, reply) =>
                reply.Status == 400 && request.Headers.ContentType != "application/json" ? reply with { Status = 415 } : reply,
            "an error has an empty description" => (_, reply) =>
                reply.Status == 400 ? reply with { Body = new JsonObject { ["description"] = "" } } : reply,
            "a bind error has instance_usable" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 400
                    ? reply with
                    {
                        Body = new JsonObject { ["instance_usable"] = true },
                    }
                    : reply,
            "ConcurrencyError is 409" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 200 ? FakeResponse.Error(409, "Busy.", "ConcurrencyError") : reply,
            "encoded ids are not decoded" => (request, reply) =>
                request.Name == "DELETE instance" && request.Segments[2].Contains('/') ? new FakeResponse(410, new JsonObject()) : reply,
            "a field of a wrong type is 500" => (_, reply) => reply.Status == 400 ? reply with { Status = 500 } : reply,
            "the catalog is never 304" => (request, reply) => reply.Status == 304 ? reply with { Status = 200 } : reply,
            "a repeated provision is 409" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 200 ? FakeResponse.Error(409, "Exists.") : reply,
            "a repeated provision in another space is 200" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 409 ? Ok() : reply,
            "a missing field is 422" => (request, reply) =>
                request.Name == "PUT instance" && reply.Status == 400 ? reply with { Status = 422 } : reply,
            "an unknown maintenance version is accepted" => (_, reply) => reply.Status == 422 ? Ok() : reply,
            "a fetched dashboard_url is null" => (request, reply) =>
                request.Name == "GET instance" && reply.Status == 200 ? Set(reply, "dashboard_url", null) : reply,
            "an unknown instance is fetched as 410" => (request, reply) =>
                request.Name == "GET instance" && reply.Status == 404 ? reply with { Status = 410 } : reply,
            "an update removes the parameters" => (request, reply) =>
                request.Method == "PATCH" ? Added(known, request, reply)
                : request.Name == "GET instance" && known.Contains(request.Segments[2]) ? Set(reply, "parameters", new JsonObject())
                : reply,
            "an update without service_id is 200" => (request, reply) => request.Method == "PATCH" ? Ok() : reply,
            "an update response has an empty body" => (request, reply) =>
                request.Method == "PATCH" && reply.Status == 200 ? reply with { Body = null } : reply,
            "a repeated bind has other credentials" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 200 ? Password(reply, Guid.NewGuid().ToString()) : reply,
            "a repeated bind for another app is 200" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 409 ? Ok() : reply,
            "all bindings have the same password" => (_, reply) =>
                reply.Body?["credentials"] is null
                    ? reply
                    : Password(reply, firstPassword.Length > 0 ? firstPassword : firstPassword = "shared"),
            "a rotation is 422" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 201 && !known.Add(request.Segments[2])
                    ? FakeResponse.Error(422, "No rotation.")
                    : reply,
            "an unknown predecessor is accepted" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 400 ? new FakeResponse(201, new JsonObject()) : reply,
            "the last operation of an unknown resource is 410" => (request, reply) =>
                request.Name.EndsWith("operation", StringComparison.Ordinal) && reply.Status == 404 ? reply with { Status = 410 } : reply,
            "the state of an operation is 'done'" => (_, reply) => reply.Body?["state"] is null ? reply : Set(reply, "state", "done"),
            "an unbind of an unknown binding is 404" => (_, reply) => reply.Status == 410 ? FakeResponse.Error(404, "None.") : reply,
            "a delete without plan_id is 200" => (request, reply) => request.Method == "DELETE" && reply.Status == 400 ? Ok() : reply,
            "a delete with a wrong plan_id is 410" => (request, reply) =>
                request.Method == "DELETE" && reply.Status == 400 ? new FakeResponse(410, new JsonObject()) : reply,
            "a repeated PUT is 201" => (request, reply) =>
                request.Method == "PUT" && reply.Status == 200 ? reply with { Status = 201 } : reply,
            "202 to a request that does not accept it" => (request, reply) =>
                request.Method == "PUT" && reply.Status == 422 ? new FakeResponse(202, new JsonObject()) : reply,
            "a bind with 202 has credentials" => (request, reply) =>
                request.Name == "PUT binding" && reply.Status == 202 ? Set(reply, "credentials", new JsonObject()) : reply,
            "202 with an operation of null" => (_, reply) => reply.Status == 202 ? Set(reply, "operation", null) : reply,
            _ => throw new ArgumentException($"There is no violation named '{violation}'. Add it to BrokerViolations.", nameof(violation)),
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
