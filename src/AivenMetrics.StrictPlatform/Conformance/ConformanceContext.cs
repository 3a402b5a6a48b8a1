using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>What checks need: a plan to order, well-formed requests to spoil, and a way to say what was seen. Cleans up after each check.</summary>
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

    /// <summary>Another plan of the offering; null: there is none.</summary>
    public ServicePlan? OtherPlan => offering.Plans.FirstOrDefault(other => other.Id != plan.Id);

    public IReadOnlyList<string> Violations => _violations;

    /// <summary>An id that was never used, remembered for cleaning up.</summary>
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

    public Task<OsbResponse> SendAsync(OsbCall ask) => client.SendAsync(ask, cancellationToken);

    /// <summary>A well-formed provision.</summary>
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

    /// <summary>A well-formed bind for an app.</summary>
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

    /// <summary>Makes an instance to its end and gives back its id.</summary>
    public async Task<string> CreateInstanceAsync()
    {
        var id = NewInstanceId();
        var answer = await SendToCompletionAsync(OsbCalls.Provision(id, ProvisionBody()));
        return answer.Status is 200 or 201
            ? id
            : throw new ViolationException($"an instance cannot be made: {answer.Location}: {answer.Description}");
    }

    /// <summary>Makes a binding to its end.</summary>
    /// <returns>Its id and its body, of the bind or of the fetch after it.</returns>
    public async Task<(string Binding, JsonElement Body)> CreateBindingAsync(string instance, JsonObject? body = null)
    {
        RequireBindable();
        var id = NewBindingId(instance);
        var answer = await SendToCompletionAsync(BindCall(instance, id, body));
        return answer.Status is 200 or 201 && answer.BodyObject is { } bound
            ? (id, bound)
            : throw new ViolationException($"a binding cannot be made: {answer.Location}: {answer.Description}");
    }

    /// <summary>Sends a request and, when it is 202, polls it to its end.</summary>
    /// <returns>The first answer, or the fetch's when a create was asynchronous.</returns>
    public async Task<OsbResponse> SendToCompletionAsync(OsbCall ask)
    {
        var answer = await SendAsync(ask);
        if (answer.Status != 202)
        {
            return answer;
        }
        var end = await PollAsync(ask, answer.Operation);
        if (end.Outcome != OperationOutcome.Succeeded)
        {
            throw new ViolationException($"{ask} was 202 and then failed: {end.Description}");
        }
        return ask.Endpoint switch
        {
            Endpoint.Bind => await SendAsync(new OsbCall(Endpoint.FetchBinding, HttpMethod.Get, PathOf(ask))),
            Endpoint.Provision => answer with { Status = 201 },
            _ => answer with { Status = 200 },
        };
    }

    public Task<PollResult> PollAsync(OsbCall ask, string? operation)
    {
        var binding = ask.Endpoint is Endpoint.Bind or Endpoint.Unbind;
        var query = plan.Ids + (operation is null ? "" : "&operation=" + Uri.EscapeDataString(operation));
        var poll = new OsbCall(
            binding ? Endpoint.BindingOperation : Endpoint.InstanceOperation,
            HttpMethod.Get,
            $"{PathOf(ask)}/last_operation?{query}"
        );
        return new LastOperationPoller(client, options.PollInterval, options.OperationTimeout, time, new NullProgress()).PollAsync(
            poll,
            ask.Method == HttpMethod.Delete,
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

    /// <summary>The answer must have one of these statuses.</summary>
    public bool Expect(OsbResponse answer, string what, params int[] statuses)
    {
        if (statuses.Contains(answer.Status))
        {
            return true;
        }
        ReportViolation($"{what}: {answer.StatusText} instead of {string.Join(" or ", statuses)}");
        return false;
    }

    /// <summary>A refusal: any 4xx.</summary>
    public bool ExpectClientError(OsbResponse answer, string what)
    {
        if (answer.Status is >= 400 and < 500)
        {
            return true;
        }
        ReportViolation($"{what}: {answer.StatusText} instead of a 4xx");
        return false;
    }

    /// <summary>Nothing of this id may exist: a delete must find nothing.</summary>
    public async Task ExpectNoInstanceAsync(string instance, string what)
    {
        var answer = await SendAsync(OsbCalls.Deprovision(instance, plan.Ids) with { SendsOriginatingIdentity = false });
        Expect(answer, $"deleting {what}, which must have made nothing", 410);
    }

    /// <summary>Deletes what the check has made.</summary>
    /// <returns>What cannot be deleted.</returns>
    public async Task<IReadOnlyList<string>> CleanUpAsync()
    {
        List<string> left = [];
        foreach ((var instance, var binding) in _bindings)
        {
            await DeleteAsync(OsbCalls.Unbind(instance, binding, plan.Ids));
        }
        foreach (var instance in _instances)
        {
            var answer = await DeleteAsync(OsbCalls.Deprovision(instance, plan.Ids));
            // An update may have given it the other plan.
            if (answer.Status == 400 && OtherPlan is { } other)
            {
                answer = await DeleteAsync(OsbCalls.Deprovision(instance, other.Ids));
            }
            if (answer.Status is not (200 or 410))
            {
                left.Add($"cleaning up: {answer.Location}: {answer.Description}");
            }
        }

        return left;
    }

    private async Task<OsbResponse> DeleteAsync(OsbCall ask)
    {
        var answer = await SendAsync(ask);
        if (answer.Status != 202)
        {
            return answer;
        }
        var end = await PollAsync(ask, answer.Operation);
        return answer with { Status = end.Outcome == OperationOutcome.Succeeded ? 200 : 500 };
    }

    private static string PathOf(OsbCall ask) => ask.Path.Split('?')[0];

    private sealed class NullProgress : IProgress<string>
    {
        public void Report(string value) { }
    }
}
