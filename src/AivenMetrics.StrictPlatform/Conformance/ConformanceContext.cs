using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>The context of a check: the plan, well-formed requests to modify, expectations, and cleanup of created resources.</summary>
internal sealed class ConformanceContext(
    BrokerClient client,
    ConformanceOptions options,
    ServiceOffering offering,
    ServicePlan plan,
    TimeProvider time,
    CancellationToken cancellationToken
)
{
    private readonly HashSet<string> _instances = [];
    private readonly HashSet<(string Instance, string Binding)> _bindings = [];
    private readonly List<string> _violations = [];

    public ServiceOffering Offering => offering;

    public ServicePlan Plan => plan;

    public ConformanceOptions Options => options;

    public BrokerConnection Connection => client.Connection;

    /// <summary>Another plan of the offering; null if there is only one.</summary>
    public ServicePlan? OtherPlan => offering.Plans.FirstOrDefault(other => other.Id != plan.Id);

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>Returns a new instance id, which is deleted during cleanup.</summary>
    public string NewInstanceId(string suffix = "")
    {
        var id = Guid.NewGuid() + suffix;
        _instances.Add(id);
        return id;
    }

    public string NewBindingId(string instance, string suffix = "")
    {
        var id = Guid.NewGuid() + suffix;
        Track(instance, id);
        return id;
    }

    public void Track(string instance, string binding)
    {
        _instances.Add(instance);
        _bindings.Add((instance, binding));
    }

    public Task<OsbResponse> SendAsync(OsbCall call) => client.SendAsync(call, cancellationToken);

    /// <summary>Returns the body of a well-formed provision.</summary>
    public JsonObject ProvisionBody(ServicePlan? ofPlan = null)
    {
        JsonObject body = new()
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = (ofPlan ?? plan).Id,
            ["organization_guid"] = options.Tenant.OrganizationGuid,
            ["space_guid"] = options.Tenant.SpaceGuid,
            ["context"] = options.Tenant.Context("conformance"),
        };
        if (options.Parameters is { } parameters)
        {
            body["parameters"] = parameters.DeepClone();
        }
        if ((ofPlan ?? plan).MaintenanceInfo is { } info)
        {
            body["maintenance_info"] = JsonNode.Parse(info.GetRawText());
        }
        return body;
    }

    /// <summary>Returns the body of a well-formed bind for an app.</summary>
    public JsonObject BindBody(string app = "5b7e6d1c-0f2a-4c53-9d2e-7a1f3c4b5d60")
    {
        JsonObject body = new()
        {
            ["service_id"] = offering.Id,
            ["plan_id"] = plan.Id,
            ["app_guid"] = app,
            ["bind_resource"] = new JsonObject { ["app_guid"] = app, ["space_guid"] = options.Tenant.SpaceGuid },
            ["context"] = options.Tenant.Context(null),
        };
        if (options.BindParameters is { } parameters)
        {
            body["parameters"] = parameters.DeepClone();
        }
        return body;
    }

    public JsonObject UpdateBody() => new() { ["service_id"] = offering.Id, ["context"] = options.Tenant.Context("conformance") };

    public OsbCall BindCall(string instance, string binding, JsonObject? body = null, bool incomplete = true) =>
        OsbCalls.Bind(instance, binding, body ?? BindBody(), incomplete) with
        {
            Requires = offering.Requires,
        };

    /// <summary>Creates an instance, waits for the end of the operation and returns its id.</summary>
    public async Task<string> CreateInstanceAsync()
    {
        var id = NewInstanceId();
        var response = await SendToCompletionAsync(OsbCalls.Provision(id, ProvisionBody()));
        return response.Status is 200 or 201
            ? id
            : throw new ViolationException($"an instance cannot be created: {response.Location}: {response.Description}");
    }

    /// <summary>Creates a binding and waits for the end of the operation.</summary>
    /// <returns>The id, and the body of the bind or of the subsequent fetch.</returns>
    public async Task<(string Binding, JsonElement Body)> CreateBindingAsync(string instance, JsonObject? body = null)
    {
        RequireBindable();
        var id = NewBindingId(instance);
        var response = await SendToCompletionAsync(BindCall(instance, id, body));
        return response.Status is 200 or 201 && response.BodyObject is { } bound
            ? (id, bound)
            : throw new ViolationException($"a binding cannot be created: {response.Location}: {response.Description}");
    }

    /// <summary>Sends a request. If the response is 202, polls until the operation ends.</summary>
    /// <returns>The response, or the response of the fetch after an asynchronous bind.</returns>
    public async Task<OsbResponse> SendToCompletionAsync(OsbCall call)
    {
        var response = await SendAsync(call);
        if (response.Status != 202)
        {
            return response;
        }
        var end = await PollAsync(call, response.Operation);
        if (end.Outcome != OperationOutcome.Succeeded)
        {
            throw new ViolationException($"{call} was 202 and then failed: {end.Description}");
        }
        return call.Endpoint switch
        {
            Endpoint.Bind => await SendAsync(new OsbCall(Endpoint.FetchBinding, HttpMethod.Get, PathOf(call))),
            Endpoint.Provision => response with { Status = 201 },
            _ => response with { Status = 200 },
        };
    }

    public Task<PollResult> PollAsync(OsbCall call, string? operation)
    {
        var binding = call.Endpoint is Endpoint.Bind or Endpoint.Unbind;
        var query = plan.Ids + (operation is null ? "" : "&operation=" + Uri.EscapeDataString(operation));
        var poll = new OsbCall(
            binding ? Endpoint.BindingOperation : Endpoint.InstanceOperation,
            HttpMethod.Get,
            $"{PathOf(call)}/last_operation?{query}"
        );
        return new LastOperationPoller(client, options.PollInterval, options.OperationTimeout, time, new NullProgress()).PollAsync(
            poll,
            call.Method == HttpMethod.Delete,
            plan.MaximumPollingDuration,
            cancellationToken
        );
    }

    public void RequireBindable()
    {
        if (!plan.Bindable)
        {
            throw new NotApplicableException("the plan is not bindable");
        }
    }

    public static void Require(bool given, string why)
    {
        if (!given)
        {
            throw new NotApplicableException(why);
        }
    }

    public void ReportViolation(string seen) => _violations.Add(seen);

    /// <summary>Expects one of these statuses; returns whether the response has one.</summary>
    public bool Expect(OsbResponse response, string what, params int[] statuses)
    {
        if (statuses.Contains(response.Status))
        {
            return true;
        }
        ReportViolation($"{what}: {response.StatusText} instead of {string.Join(" or ", statuses)}");
        return false;
    }

    /// <summary>Expects any 4xx; returns whether the response is one.</summary>
    public bool ExpectClientError(OsbResponse response, string what)
    {
        if (response.Status is >= 400 and < 500)
        {
            return true;
        }
        ReportViolation($"{what}: {response.StatusText} instead of a 4xx");
        return false;
    }

    /// <summary>Expects that no instance with this id exists: a delete must be 410.</summary>
    public async Task ExpectNoInstanceAsync(string instance, string what)
    {
        var response = await SendAsync(OsbCalls.Deprovision(instance, plan.Ids) with { SendsOriginatingIdentity = false });
        Expect(response, $"deleting the instance that {what} must not have created", 410);
    }

    /// <summary>Deletes the resources of the check.</summary>
    /// <returns>An error for each resource that could not be deleted.</returns>
    public async Task<IReadOnlyList<string>> CleanUpAsync()
    {
        List<string> left = [];
        foreach ((var instance, var binding) in _bindings)
        {
            await DeleteAsync(OsbCalls.Unbind(instance, binding, plan.Ids));
        }
        foreach (var instance in _instances)
        {
            var response = await DeleteAsync(OsbCalls.Deprovision(instance, plan.Ids));
            // An update may have changed the plan.
            if (response.Status == 400 && OtherPlan is { } other)
            {
                response = await DeleteAsync(OsbCalls.Deprovision(instance, other.Ids));
            }
            if (response.Status is not (200 or 410))
            {
                left.Add($"cleanup: {response.Location}: {response.Description}");
            }
        }

        return left;
    }

    private async Task<OsbResponse> DeleteAsync(OsbCall call)
    {
        var response = await SendAsync(call);
        if (response.Status != 202)
        {
            return response;
        }
        var end = await PollAsync(call, response.Operation);
        return response with { Status = end.Outcome == OperationOutcome.Succeeded ? 200 : 500 };
    }

    private static string PathOf(OsbCall call) => call.Path.Split('?')[0];

    private sealed class NullProgress : IProgress<string>
    {
        public void Report(string value) { }
    }
}
