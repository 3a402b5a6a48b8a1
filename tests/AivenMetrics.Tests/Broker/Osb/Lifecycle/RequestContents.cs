using System.Text.Json.Nodes;

namespace AivenMetrics.Tests.Broker.Osb.Lifecycle;

/// <summary>Content of a provision request.</summary>
/// <param name="Services">Default services of the instance; null: none.</param>
internal sealed record ProvisionContent(string Plan, string Space, string? Services);

/// <summary>Content of an update request.</summary>
/// <param name="OtherPlan">True: names the plan that the instance does not have.</param>
/// <param name="Services">Services; null: no parameters; empty: removes the default services.</param>
internal sealed record UpdateContent(bool OtherPlan, string? Services);

/// <summary>Content of a bind request.</summary>
internal sealed record BindContent(string? App, string? Services, string? Lifetime);

/// <summary>Contents of requests by index. The set is small, so that equal requests are frequent.</summary>
internal static class RequestContents
{
    private static readonly ProvisionContent[] Instances =
    [
        new(BrokerHost.SpacePlan, "space-1", null),
        new(BrokerHost.ServicesPlan, "space-1", null),
        new(BrokerHost.ServicesPlan, "space-1", "pg-1"),
        new(BrokerHost.SpacePlan, "space-2", null),
    ];

    private static readonly UpdateContent[] Updates = [new(false, null), new(true, null), new(false, "kafka-1"), new(false, "")];

    private static readonly BindContent[] Binds =
    [
        new("app-1", null, null),
        new("app-1", "pg-1", null),
        new("app-2", null, null),
        new(null, null, null),
        new("app-1", "kafka-1,pg-1", null),
        new("app-1", null, "12h"),
    ];

    public static ProvisionContent Instance(int content) => Instances[content % Instances.Length];

    public static UpdateContent Update(int content) => Updates[content % Updates.Length];

    public static BindContent Bind(int content) => Binds[content % Binds.Length];

    public static string OtherPlan(string plan) => plan == BrokerHost.SpacePlan ? BrokerHost.ServicesPlan : BrokerHost.SpacePlan;

    public static JsonObject Body(ProvisionContent wish)
    {
        var body = BrokerHost.Provision(wish.Plan);
        body["space_guid"] = wish.Space;
        body["context"]!["space_guid"] = wish.Space;
        if (wish.Services is not null)
        {
            body["parameters"] = Parameters(wish.Services, null);
        }
        return body;
    }

    public static JsonObject Body(UpdateContent wish, string plan)
    {
        var body = new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = wish.OtherPlan ? OtherPlan(plan) : plan };
        if (wish.Services is not null)
        {
            body["parameters"] = Parameters(wish.Services, null);
        }
        return body;
    }

    public static JsonObject Body(BindContent wish, string plan, string space)
    {
        var body = new JsonObject { ["service_id"] = BrokerHost.OfferingId, ["plan_id"] = plan };
        body["bind_resource"] = wish.App is null ? new JsonObject() : new JsonObject { ["app_guid"] = wish.App, ["space_guid"] = space };
        if (wish.Services is not null || wish.Lifetime is not null)
        {
            body["parameters"] = Parameters(wish.Services, wish.Lifetime);
        }
        return body;
    }

    /// <summary>A rotation in either form of the specification (docs/osb-conformance.md 108).</summary>
    public static JsonObject Rotation(string plan, string predecessor, bool full)
    {
        var body = new JsonObject { ["predecessor_binding_id"] = predecessor };
        if (full)
        {
            (body["service_id"], body["plan_id"]) = (BrokerHost.OfferingId, plan);
        }
        return body;
    }

    private static JsonObject Parameters(string? services, string? lifetime)
    {
        var parameters = new JsonObject();
        if (services is not null)
        {
            parameters["services"] = new JsonArray([
                .. services.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(name => JsonValue.Create(name)),
            ]);
        }
        if (lifetime is not null)
        {
            parameters["expires_in"] = lifetime;
        }
        return parameters;
    }
}
