using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary><c>bind</c>, <c>service-key</c>, <c>unbind</c>.</summary>
internal static class BindingCommands
{
    private static readonly Argument<string> InstanceName = new("instance") { Description = "Name of the instance." };
    private static readonly Argument<string> BindingName = new("binding") { Description = "Name of the binding or service key." };
    private static readonly Argument<string> OptionalName = new("binding") { Description = "Name of the binding. Default: the app.", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "" };
    private static readonly Option<string?> App = PlatformOptions.Text("--app", "GUID of the app. Default: a new one.", "guid");
    private static readonly Option<string?> BindingId = PlatformOptions.Text("--binding-id", "Id of the new binding. Default: a new GUID.", "id");
    private static readonly Option<string?> Predecessor = PlatformOptions.Text("--predecessor", "Name of the binding that the new one is to replace (rotation). Default: none.", "binding");
    private static readonly Option<string?> Client = PlatformOptions.Text("--client", "Id of the client that uses the key (credential_client_id). Default: none.", "id");
    private static readonly Option<string?> Parameters = InstanceCommands.ParametersOption();

    public static Command Bind()
    {
        var command = new Command("bind", "Binds an app to an instance and shows the credentials.") { InstanceName, OptionalName, App, Parameters, BindingId, Predecessor };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session =>
        {
            string app = parsed.GetValue(App) ?? Guid.NewGuid().ToString();
            string name = parsed.GetValue(OptionalName) is { Length: > 0 } given ? given : app;
            return Bind(session, parsed, name, app, ct);
        }));
        return command;
    }

    public static Command ServiceKey()
    {
        var command = new Command("service-key", "Makes a service key, a binding without app, and shows the credentials.") { InstanceName, BindingName, Parameters, BindingId, Client };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session => Bind(session, parsed, parsed.GetRequiredValue(BindingName), null, ct)));
        return command;
    }

    public static Command Unbind()
    {
        var command = new Command("unbind", "Deletes a binding or service key.") { InstanceName, BindingName };
        command.SetAction((parsed, ct) => PlatformSession.Do(parsed, session =>
            Unbind(session, parsed.GetRequiredValue(InstanceName), parsed.GetRequiredValue(BindingName), ct)));
        return command;
    }

    private static async Task<bool> Bind(PlatformSession session, ParseResult parsed, string name, string? app, CancellationToken ct)
    {
        string instanceName = parsed.GetRequiredValue(InstanceName);
        KnownInstance instance = session.Memory.Instance(instanceName);
        if (instance.Bindings.ContainsKey(name))
            throw new UsageException($"{instanceName} has a binding {name} already.");
        JsonObject? parameters = PlatformOptions.Parameters(parsed, Parameters);
        if (await session.ById(instance.ServiceId, instance.PlanId, ct) is not var (offering, plan))
            return false;
        if (!plan.Bindable)
            throw new UsageException($"The plan {plan.Name} is not bindable.");

        JsonObject body = Body(instance, plan, app, parsed.GetValue(Client), parameters);
        if (parsed.GetValue(Predecessor) is { } predecessor)
            body["predecessor_binding_id"] = session.Memory.Binding(instanceName, predecessor).Id;
        var binding = new KnownBinding(parsed.GetValue(BindingId) ?? Guid.NewGuid().ToString(), plan.Id, app, null);
        session.Memory.Remember(instanceName, name, binding);
        Result result = await session.Run.Bind(offering, plan, instance.Id, binding.Id, body, ct);
        if (result is { Outcome: Outcome.Failed, Left: false })
            session.Memory.Forget(instanceName, name);
        else
            session.Memory.Remember(instanceName, name, binding with { Operation = result.Operation });
        return Tell(session, result, instanceName, name, binding, "bound", showCredentials: true);
    }

    private static JsonObject Body(KnownInstance instance, Plan plan, string? app, string? client, JsonObject? parameters)
    {
        JsonObject resource = [];
        if (app is not null && instance.Tenant.Profile == Profile.CloudFoundry)
        {
            resource["app_guid"] = app;
            resource["space_guid"] = instance.Tenant.SpaceGuid;
        }

        if (client is not null)
            resource["credential_client_id"] = client;
        var body = new JsonObject
        {
            ["service_id"] = instance.ServiceId,
            ["plan_id"] = plan.Id,
            ["bind_resource"] = resource,
            ["context"] = instance.Tenant.Context(null),
        };
        if (app is not null && instance.Tenant.Profile == Profile.CloudFoundry)
            body["app_guid"] = app;
        if (parameters is { Count: > 0 })
            body["parameters"] = parameters;
        return body;
    }

    private static async Task<bool> Unbind(PlatformSession session, string instanceName, string name, CancellationToken ct)
    {
        KnownInstance instance = session.Memory.Instance(instanceName);
        KnownBinding binding = session.Memory.Binding(instanceName, name);
        if (await session.ById(instance.ServiceId, binding.PlanId, ct) is not var (offering, plan))
            return false;
        Result result = await session.Run.Unbind(offering, plan, instance.Id, binding.Id, ct);
        if (result.Outcome == Outcome.Succeeded)
            session.Memory.Forget(instanceName, name);
        else
            session.Memory.Remember(instanceName, name, binding with { Operation = result.Operation });
        return Tell(session, result, instanceName, name, binding, result.Answer.Status == 410 ? "was not there any more" : "unbound", showCredentials: false);
    }

    private static bool Tell(PlatformSession session, Result result, string instance, string name, KnownBinding binding, string done, bool showCredentials)
    {
        session.Report.Set("binding", new JsonObject { ["name"] = name, ["id"] = binding.Id, ["instance"] = instance });
        (string text, string colour) = result.Outcome switch
        {
            Outcome.Succeeded => ($"{name} {done}", "green"),
            Outcome.InProgress => ($"{name}: in progress; see last-operation {instance} {name}", "yellow"),
            _ => ($"{name} failed: {result.Description}", "red"),
        };
        session.Report.Line(text, colour);
        session.Report.Facts(("id", binding.Id), ("instance", instance), ("app", binding.App));
        if (showCredentials && StrictPlatform.Protocol.Json.Member(result.Body, "metadata") is { ValueKind: JsonValueKind.Object } metadata)
            session.Report.Facts(("expires", Text(metadata, "expires_at")), ("renew before", Text(metadata, "renew_before")));
        if (showCredentials && result.Outcome == Outcome.Succeeded && StrictPlatform.Protocol.Json.Member(result.Body, "credentials") is { ValueKind: JsonValueKind.Object } credentials)
            session.Report.Json(credentials);
        session.Report.Outcome(result);
        return result.Outcome != Outcome.Failed;
    }

    private static string? Text(JsonElement parent, string name) =>
        StrictPlatform.Protocol.Json.Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
