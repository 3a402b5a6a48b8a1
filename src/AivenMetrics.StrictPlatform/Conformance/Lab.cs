using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>What checks need: a plan to order, well-formed requests to spoil, and a way to say what was seen. Cleans up after each check.</summary>
internal sealed class Lab(BrokerClient client, LabOptions options, Offering offering, Plan plan, TimeProvider time, CancellationToken ct)
{
    private readonly HashSet<string> instances = [];
    private readonly HashSet<(string Instance, string Binding)> bindings = [];
    private readonly List<string> violations = [];

    public Offering Offering => offering;

    public Plan Plan => plan;

    public LabOptions Options => options;

    public BrokerConnection Connection => client.Connection;

    /// <summary>Another plan of the offering; null: there is none.</summary>
    public Plan? OtherPlan => offering.Plans.FirstOrDefault(other => other.Id != plan.Id);

    public IReadOnlyList<string> Violations => violations;

    /// <summary>An id that was never used, remembered for cleaning up.</summary>
    public string NewInstance(string suffix = "")
    {
        string id = Guid.NewGuid() + suffix;
        instances.Add(id);
        return id;
    }

    public string NewBinding(string instance, string suffix = "")
    {
        string id = Guid.NewGuid() + suffix;
        Remember(instance, id);
        return id;
    }

    public void Remember(string instance, string binding)
    {
        instances.Add(instance);
        bindings.Add((instance, binding));
    }

    public Task<Answer> Send(Ask ask) => client.Send(ask, ct);

    /// <summary>A well-formed provision.</summary>
    public JsonObject ProvisionBody(Plan? ofPlan = null)
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
            body["parameters"] = parameters.DeepClone();
        if ((ofPlan ?? plan).MaintenanceInfo is { } info)
            body["maintenance_info"] = JsonNode.Parse(info.GetRawText());
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
            body["parameters"] = parameters.DeepClone();
        return body;
    }

    public JsonObject UpdateBody() => new() { ["service_id"] = offering.Id, ["context"] = options.Tenant.Context("conformance") };

    public Ask Bind(string instance, string binding, JsonObject? body = null, bool incomplete = true) =>
        Asks.Bind(instance, binding, body ?? BindBody(), incomplete) with { Requires = offering.Requires };

    /// <summary>Makes an instance to its end and gives back its id.</summary>
    public async Task<string> Instance()
    {
        string id = NewInstance();
        Answer answer = await Finished(Asks.Provision(id, ProvisionBody()));
        return answer.Status is 200 or 201 ? id : throw new ViolatedException($"an instance cannot be made: {answer.Where}: {answer.Description}");
    }

    /// <summary>Makes a binding to its end.</summary>
    /// <returns>Its id and its body, of the bind or of the fetch after it.</returns>
    public async Task<(string Binding, JsonElement Body)> Binding(string instance, JsonObject? body = null)
    {
        NeedsBindings();
        string id = NewBinding(instance);
        Answer answer = await Finished(Bind(instance, id, body));
        return answer.Status is 200 or 201 && answer.Object is { } bound
            ? (id, bound)
            : throw new ViolatedException($"a binding cannot be made: {answer.Where}: {answer.Description}");
    }

    /// <summary>Sends a request and, when it is 202, polls it to its end.</summary>
    /// <returns>The first answer, or the fetch's when a create was asynchronous.</returns>
    public async Task<Answer> Finished(Ask ask)
    {
        Answer answer = await Send(ask);
        if (answer.Status != 202)
            return answer;
        PollResult end = await Poll(ask, answer.Operation);
        if (end.Outcome != Outcome.Succeeded)
            throw new ViolatedException($"{ask} was 202 and then failed: {end.Description}");
        return ask.Endpoint switch
        {
            Endpoint.Bind => await Send(new Ask(Endpoint.FetchBinding, HttpMethod.Get, PathOf(ask))),
            Endpoint.Provision => answer with { Status = 201 },
            _ => answer with { Status = 200 },
        };
    }

    public Task<PollResult> Poll(Ask ask, string? operation)
    {
        bool binding = ask.Endpoint is Endpoint.Bind or Endpoint.Unbind;
        string query = plan.Ids + (operation is null ? "" : "&operation=" + Uri.EscapeDataString(operation));
        var poll = new Ask(binding ? Endpoint.BindingOperation : Endpoint.InstanceOperation, HttpMethod.Get, $"{PathOf(ask)}/last_operation?{query}");
        return new Poller(client, options.PollInterval, options.Patience, time, new Silent())
            .Poll(poll, ask.Method == HttpMethod.Delete, plan.MaximumPollingDuration, ct);
    }

    public void NeedsBindings()
    {
        if (!plan.Bindable)
            throw new NotApplicableException("the plan is not bindable");
    }

    public static void Needs(bool given, string why)
    {
        if (!given)
            throw new NotApplicableException(why);
    }

    public void Violated(string seen) => violations.Add(seen);

    /// <summary>The answer must have one of these statuses.</summary>
    public bool Expect(Answer answer, string what, params int[] statuses)
    {
        if (statuses.Contains(answer.Status))
            return true;
        Violated($"{what}: {answer.Shown} instead of {string.Join(" or ", statuses)}");
        return false;
    }

    /// <summary>A refusal: any 4xx.</summary>
    public bool ExpectRefusal(Answer answer, string what)
    {
        if (answer.Status is >= 400 and < 500)
            return true;
        Violated($"{what}: {answer.Shown} instead of a 4xx");
        return false;
    }

    /// <summary>Nothing of this id may exist: a delete must find nothing.</summary>
    public async Task ExpectNoInstance(string instance, string what)
    {
        Answer answer = await Send(Asks.Deprovision(instance, plan.Ids) with { ByUser = false });
        Expect(answer, $"deleting {what}, which must have made nothing", 410);
    }

    /// <summary>Deletes what the check has made.</summary>
    /// <returns>What cannot be deleted.</returns>
    public async Task<IReadOnlyList<string>> CleanUp()
    {
        List<string> left = [];
        foreach ((string instance, string binding) in bindings)
            await Delete(Asks.Unbind(instance, binding, plan.Ids));
        foreach (string instance in instances)
        {
            Answer answer = await Delete(Asks.Deprovision(instance, plan.Ids));
            // An update may have given it the other plan.
            if (answer.Status == 400 && OtherPlan is { } other)
                answer = await Delete(Asks.Deprovision(instance, other.Ids));
            if (answer.Status is not (200 or 410))
                left.Add($"cleaning up: {answer.Where}: {answer.Description}");
        }

        return left;
    }

    private async Task<Answer> Delete(Ask ask)
    {
        Answer answer = await Send(ask);
        if (answer.Status != 202)
            return answer;
        PollResult end = await Poll(ask, answer.Operation);
        return answer with { Status = end.Outcome == Outcome.Succeeded ? 200 : 500 };
    }

    private static string PathOf(Ask ask) => ask.Path.Split('?')[0];

    private sealed class Silent : IProgress<string>
    {
        public void Report(string value)
        {
        }
    }
}
