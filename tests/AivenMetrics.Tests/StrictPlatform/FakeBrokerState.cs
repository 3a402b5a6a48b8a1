using System.Text.Json;
using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>Stores the resources of the fake broker and creates its responses. Asynchronous operations end with the second poll.</summary>
internal sealed class FakeBrokerState(bool asynchronous)
{
    private readonly Dictionary<string, Resource> _resources = [];
    private readonly HashSet<string> _gone = [];
    private int _operations;

    public int ResourceCount => _resources.Count;

    public JsonObject Catalog { get; } =
        JsonNode
            .Parse(
                """
                {"services":[{"id":"offering-1","name":"tiny","description":"Tiny.","bindable":true,"instances_retrievable":true,
                  "bindings_retrievable":true,"allow_context_updates":true,"plan_updateable":true,"plans":[
                    {"id":"plan-1","name":"small","description":"Small.","binding_rotatable":true,"maintenance_info":{"version":"1.0.0"},
                     "schemas":{"service_instance":{"create":{"parameters":{"$schema":"http://json-schema.org/draft-04/schema#",
                       "type":"object","additionalProperties":false,"properties":{"size":{"type":"integer"}}}}}}},
                    {"id":"plan-2","name":"large","description":"Large.","maintenance_info":{"version":"1.0.0"}}]}]}
                """
            )!
            .AsObject();

    public FakeResponse Respond(FakeRequest request, string body)
    {
        var path = request.Segments;
        if (path is ["v2", "catalog"] && request.Method == "GET")
        {
            return OfCatalog(request);
        }
        if (path is not ["v2", "service_instances", _, ..] || path.Length is not (3 or 4 or 5 or 6))
        {
            return FakeResponse.Error(404, "There is no such path.");
        }
        var binding = path.Length >= 5 && path[3] == "service_bindings";
        var key = binding ? $"{path[2]}\n{path[4]}" : path[2];
        return (request.Method, path.Length) switch
        {
            ("GET", 4 or 6) when path[^1] == "last_operation" => LastOperation(key),
            ("GET", 3 or 5) => _resources.TryGetValue(key, out var resource) && resource.Fetchable
                ? new FakeResponse(200, resource.Fetched())
                : FakeResponse.Error(404, "There is none."),
            ("DELETE", 3 or 5) => Delete(request, key),
            ("PUT" or "PATCH", 3 or 5) => Write(request, key, binding, body),
            _ => FakeResponse.Error(405, "There is no such method."),
        };
    }

    private FakeResponse OfCatalog(FakeRequest request)
    {
        const string tag = "\"v1\"";
        var known = request
            .Headers.IfNoneMatch.ToString()
            .Split(',')
            .Select(entry => entry.Trim())
            .Any(entry => entry is tag or "W/" + tag or "*");
        return new FakeResponse(known ? 304 : 200, Catalog.DeepClone()) { Headers = new() { ["ETag"] = tag } };
    }

    private FakeResponse Write(FakeRequest request, string key, bool binding, string text)
    {
        if (
            request.Headers.ContentType.ToString() is { Length: > 0 } type
            && !type.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase)
        )
        {
            return FakeResponse.Error(400, "The body must be JSON.");
        }
        JsonObject? body;
        try
        {
            body = JsonNode.Parse(text) as JsonObject;
            body?.ToJsonString();
            _ = body?.ToDictionary(
                member => member.Key,
                member => member.Value is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : ""
            );
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            body = null;
        }

        if (body is null)
        {
            return FakeResponse.Error(400, "The body must be a JSON object.");
        }
        string[] objects = ["context", "parameters", "bind_resource", "maintenance_info", "previous_values"];
        if (objects.FirstOrDefault(name => body[name] is not (null or JsonObject)) is { } wrong)
        {
            return FakeResponse.Error(400, $"{wrong} must be an object.");
        }
        return request.Method == "PATCH" ? Update(key, body) : Create(request, key, binding, body);
    }

    private FakeResponse Create(FakeRequest request, string key, bool binding, JsonObject body)
    {
        var predecessor = Text(body, "predecessor_binding_id");
        if (
            body.ContainsKey("predecessor_binding_id")
            && (string.IsNullOrEmpty(predecessor) || !_resources.ContainsKey($"{key.Split('\n')[0]}\n{predecessor}"))
        )
        {
            return FakeResponse.Error(400, "There is no such predecessor.");
        }
        string[] required =
            predecessor is not null ? []
            : binding ? ["service_id", "plan_id"]
            : ["service_id", "plan_id", "organization_guid", "space_guid"];
        if (required.FirstOrDefault(name => string.IsNullOrEmpty(Text(body, name))) is { } missing)
        {
            return FakeResponse.Error(400, $"{missing} is missing.");
        }
        if (body.ContainsKey("app_guid") && string.IsNullOrEmpty(Text(body, "app_guid")))
        {
            return FakeResponse.Error(400, "app_guid is empty.");
        }
        if (predecessor is null && (Text(body, "service_id") != "offering-1" || Text(body, "plan_id") is not ("plan-1" or "plan-2")))
        {
            return FakeResponse.Error(400, "There is no such plan.");
        }
        if (
            binding
            && (
                !_resources.TryGetValue(key.Split('\n')[0], out var instance)
                || (predecessor is null && instance.Plan != Text(body, "plan_id"))
            )
        )
        {
            return FakeResponse.Error(404, "There is no such instance.");
        }
        if (Conflict(body) is { } conflict)
        {
            return conflict;
        }
        if ((body["parameters"] as JsonObject)?.Any(parameter => parameter.Key is not "size") == true && !_resources.ContainsKey(key))
        {
            return FakeResponse.Error(400, "There is no such parameter.");
        }

        var identity = Identity(body);
        if (_resources.TryGetValue(key, out var resource))
        {
            return resource.Deleting ? FakeResponse.Error(422, "It is being deleted.", "ConcurrencyError")
                : resource.Identity != identity ? FakeResponse.Error(409, "Another one exists.")
                : resource.Operation is null ? new FakeResponse(200, resource.Made())
                : request.AcceptsIncomplete ? Accepted(resource)
                : FakeResponse.Error(422, "It is being made.", "ConcurrencyError");
        }

        if (asynchronous && !request.AcceptsIncomplete)
        {
            return FakeResponse.Error(422, "This takes a while.", "AsyncRequired");
        }
        resource = new Resource(binding, identity, Text(body, "plan_id") ?? "plan-1", body["parameters"]?.DeepClone() as JsonObject ?? []);
        _resources[key] = resource;
        _gone.Remove(key);
        if (!asynchronous)
        {
            return new FakeResponse(201, resource.Made());
        }
        resource.Operation = NewOperation();
        return Accepted(resource);
    }

    private FakeResponse Update(string key, JsonObject body)
    {
        if (Text(body, "service_id") != "offering-1")
        {
            return FakeResponse.Error(400, "service_id is missing or unknown.");
        }
        if (body.ContainsKey("plan_id") && Text(body, "plan_id") is not ("plan-1" or "plan-2"))
        {
            return FakeResponse.Error(400, "There is no such plan.");
        }
        if (Conflict(body) is { } conflict)
        {
            return conflict;
        }
        if (!_resources.TryGetValue(key, out var resource))
        {
            return FakeResponse.Error(404, "There is none.");
        }
        resource.Plan = Text(body, "plan_id") ?? resource.Plan;
        return new FakeResponse(200, new JsonObject());
    }

    private FakeResponse Delete(FakeRequest request, string key)
    {
        if (string.IsNullOrEmpty(request.Query["service_id"]) || string.IsNullOrEmpty(request.Query["plan_id"]))
        {
            return FakeResponse.Error(400, "service_id and plan_id are required.");
        }
        if (!_resources.TryGetValue(key, out var resource))
        {
            return new FakeResponse(410, new JsonObject());
        }
        if (request.Query["plan_id"] != resource.Plan)
        {
            return FakeResponse.Error(400, "It has another plan.");
        }
        if (_resources.Keys.Any(other => other.StartsWith(key + "\n", StringComparison.Ordinal)))
        {
            return FakeResponse.Error(400, "It has bindings.");
        }
        if (asynchronous && !request.AcceptsIncomplete)
        {
            return FakeResponse.Error(422, "This takes a while.", "AsyncRequired");
        }
        if (!asynchronous)
        {
            _resources.Remove(key);
            return new FakeResponse(200, new JsonObject());
        }

        if (!resource.Deleting)
        {
            (resource.Deleting, resource.Operation, resource.Polls) = (true, NewOperation(), 0);
        }
        return Accepted(resource);
    }

    private FakeResponse LastOperation(string key)
    {
        if (!_resources.TryGetValue(key, out var resource))
        {
            return _gone.Contains(key) ? new FakeResponse(410, new JsonObject()) : FakeResponse.Error(404, "There is none.");
        }
        if (resource.Operation is not null && ++resource.Polls < 2)
        {
            return new FakeResponse(200, new JsonObject { ["state"] = "in progress", ["description"] = "Nearly there." });
        }
        if (resource.Deleting)
        {
            _resources.Remove(key);
            _gone.Add(key);
        }

        resource.Operation = null;
        return new FakeResponse(200, new JsonObject { ["state"] = "succeeded" });
    }

    private string NewOperation() => $"operation-{++_operations}";

    private static FakeResponse Accepted(Resource resource) => new(202, new JsonObject { ["operation"] = resource.Operation });

    private static FakeResponse? Conflict(JsonObject body) =>
        body["maintenance_info"] is JsonObject info && Text(info, "version") is { } version && version != "1.0.0"
            ? FakeResponse.Error(422, "The catalog has another version.", "MaintenanceInfoConflict")
            : null;

    private static string? Text(JsonObject body, string name) =>
        body[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static string Identity(JsonObject body) =>
        string.Join(
            '|',
            new[]
            {
                Text(body, "service_id"),
                Text(body, "plan_id"),
                Text(body, "organization_guid"),
                Text(body, "space_guid"),
                Text(body, "predecessor_binding_id"),
                Text(body, "app_guid") ?? Text(body["bind_resource"] as JsonObject ?? [], "app_guid"),
                (body["parameters"] as JsonObject ?? []).ToJsonString(),
            }
        );

    private sealed class Resource(bool binding, string identity, string plan, JsonObject parameters)
    {
        private readonly string _password = Guid.NewGuid().ToString();

        public string Identity => identity;

        public string Plan { get; set; } = plan;

        public string? Operation { get; set; }

        public int Polls { get; set; }

        public bool Deleting { get; set; }

        public bool Fetchable => Operation is null;

        public JsonObject Made() => binding ? new() { ["credentials"] = new JsonObject { ["password"] = _password } } : [];

        public JsonObject Fetched()
        {
            var body = Made();
            body["parameters"] = parameters.DeepClone();
            if (!binding)
            {
                (body["service_id"], body["plan_id"]) = ("offering-1", Plan);
            }
            return body;
        }
    }
}
