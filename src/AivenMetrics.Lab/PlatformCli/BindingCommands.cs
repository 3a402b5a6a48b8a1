using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The commands <c>bind</c>, <c>service-key</c> and <c>unbind</c>.</summary>
internal static class BindingCommands
{
    private static readonly Argument<string> BindingName = new("binding") { Description = "Name of the binding or service key." };
    private static readonly Argument<string> OptionalName = new("binding")
    {
        Description = "Name of the binding. Default: the GUID of the app.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => "",
    };
    private static readonly Option<string?> App = PlatformOptions.TextOption("--app", "GUID of the app. Default: a new GUID.", "guid");
    private static readonly Option<string?> BindingId = PlatformOptions.TextOption(
        "--binding-id",
        "Id of the new binding. Default: a new GUID.",
        "id"
    );
    private static readonly Option<string?> Predecessor = PlatformOptions.TextOption(
        "--predecessor",
        "Name of the binding that the new one replaces (rotation). Default: none.",
        "binding"
    );
    private static readonly Option<string?> Client = PlatformOptions.TextOption(
        "--client",
        "Id of the client that uses the key (credential_client_id). Default: none.",
        "id"
    );

    public static Command Bind() =>
        new Command("bind", "Binds an app to an instance and shows the credentials.")
        {
            PlatformOptions.InstanceName,
            OptionalName,
            App,
            PlatformOptions.Parameters,
            BindingId,
            Predecessor,
        }.InSession(
            (session, parsed, ct) =>
            {
                var app = parsed.GetValue(App) ?? Guid.NewGuid().ToString();
                var name = parsed.GetValue(OptionalName) is { Length: > 0 } given ? given : app;
                return BindAsync(session, parsed, name, app, ct);
            }
        );

    public static Command ServiceKey() =>
        new Command("service-key", "Creates a service key (a binding without an app) and shows the credentials.")
        {
            PlatformOptions.InstanceName,
            BindingName,
            PlatformOptions.Parameters,
            BindingId,
            Client,
        }.InSession((session, parsed, ct) => BindAsync(session, parsed, parsed.GetRequiredValue(BindingName), null, ct));

    public static Command Unbind() =>
        new Command("unbind", "Deletes a binding or service key.") { PlatformOptions.InstanceName, BindingName }.InSession(UnbindAsync);

    private static async Task<bool> BindAsync(
        PlatformSession session,
        ParseResult parsed,
        string name,
        string? app,
        CancellationToken cancellationToken
    )
    {
        var instanceName = parsed.GetRequiredValue(PlatformOptions.InstanceName);
        var instance = session.State.GetInstance(instanceName);
        if (instance.Bindings.ContainsKey(name))
        {
            throw new UsageException($"{instanceName} already has a binding {name}: choose another name.");
        }
        var parameters = PlatformOptions.GetParameters(parsed, PlatformOptions.Parameters);
        if (await session.FindPlanByIdAsync(instance.ServiceId, instance.PlanId, cancellationToken) is not var (offering, plan))
        {
            return false;
        }
        if (!plan.Bindable)
        {
            throw new UsageException($"The plan {plan.Name} is not bindable.");
        }

        var body = Body(instance, plan, app, parsed.GetValue(Client), parameters);
        if (parsed.GetValue(Predecessor) is { } predecessor)
        {
            body["predecessor_binding_id"] = session.State.GetBinding(instanceName, predecessor).Id;
        }
        var binding = new StoredBinding(parsed.GetValue(BindingId) ?? Guid.NewGuid().ToString(), plan.Id, app, null);
        session.State.Save(instanceName, name, binding);
        var result = await session.Operations.BindAsync(offering, plan, instance.Id, binding.Id, body, cancellationToken);
        if (result is { Outcome: OperationOutcome.Failed, MayBeOrphaned: false })
        {
            session.State.Remove(instanceName, name);
        }
        else
        {
            session.State.Save(instanceName, name, binding with { Operation = result.Operation });
        }
        return WriteResult(session, result, instanceName, name, binding, "bound", showCredentials: true);
    }

    private static JsonObject Body(StoredInstance instance, ServicePlan plan, string? app, string? client, JsonObject? parameters)
    {
        JsonObject resource = [];
        if (app is not null && instance.Tenant.Profile == PlatformProfile.CloudFoundry)
        {
            resource["app_guid"] = app;
            resource["space_guid"] = instance.Tenant.SpaceGuid;
        }

        if (client is not null)
        {
            resource["credential_client_id"] = client;
        }
        var body = new JsonObject
        {
            ["service_id"] = instance.ServiceId,
            ["plan_id"] = plan.Id,
            ["bind_resource"] = resource,
            ["context"] = instance.Tenant.Context(null),
        };
        if (app is not null && instance.Tenant.Profile == PlatformProfile.CloudFoundry)
        {
            body["app_guid"] = app;
        }
        if (parameters is { Count: > 0 })
        {
            body["parameters"] = parameters;
        }
        return body;
    }

    private static async Task<bool> UnbindAsync(PlatformSession session, ParseResult parsed, CancellationToken cancellationToken)
    {
        var instanceName = parsed.GetRequiredValue(PlatformOptions.InstanceName);
        var name = parsed.GetRequiredValue(BindingName);
        var instance = session.State.GetInstance(instanceName);
        var binding = session.State.GetBinding(instanceName, name);
        if (await session.FindPlanByIdAsync(instance.ServiceId, binding.PlanId, cancellationToken) is not var (offering, plan))
        {
            return false;
        }
        var result = await session.Operations.UnbindAsync(offering, plan, instance.Id, binding.Id, cancellationToken);
        if (result.Outcome == OperationOutcome.Succeeded)
        {
            session.State.Remove(instanceName, name);
        }
        else
        {
            session.State.Save(instanceName, name, binding with { Operation = result.Operation });
        }
        return WriteResult(
            session,
            result,
            instanceName,
            name,
            binding,
            result.Response.Status == 410 ? "was already deleted" : "unbound",
            showCredentials: false
        );
    }

    private static bool WriteResult(
        PlatformSession session,
        OperationResult result,
        string instance,
        string name,
        StoredBinding binding,
        string done,
        bool showCredentials
    )
    {
        session.Report.SetMember(
            "binding",
            new JsonObject
            {
                ["name"] = name,
                ["id"] = binding.Id,
                ["instance"] = instance,
            }
        );
        (var text, var colour) = result.Outcome switch
        {
            OperationOutcome.Succeeded => ($"{name} {done}", "green"),
            OperationOutcome.InProgress => ($"{name}: in progress; see last-operation {instance} {name}", "yellow"),
            _ => ($"{name} failed: {result.Description}", "red"),
        };
        session.Report.WriteLine(text, colour);
        session.Report.WriteFields(("id", binding.Id), ("instance", instance), ("app", binding.App));
        if (
            showCredentials
            && StrictPlatform.Protocol.JsonMembers.Member(result.Body, "metadata") is { ValueKind: JsonValueKind.Object } metadata
        )
        {
            session.Report.WriteFields(("expires", Text(metadata, "expires_at")), ("renew before", Text(metadata, "renew_before")));
        }
        if (
            showCredentials
            && result.Outcome == OperationOutcome.Succeeded
            && StrictPlatform.Protocol.JsonMembers.Member(result.Body, "credentials") is { ValueKind: JsonValueKind.Object } credentials
        )
        {
            session.Report.WriteJson(credentials);
        }
        session.Report.WriteOutcome(result);
        return result.Outcome != OperationOutcome.Failed;
    }

    private static string? Text(JsonElement parent, string name) =>
        StrictPlatform.Protocol.JsonMembers.Member(parent, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;
}
