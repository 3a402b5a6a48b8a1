using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>Behaviour of the platform.</summary>
/// <param name="Synchronous">True if the platform does not accept asynchronous operations.</param>
/// <param name="WaitForCompletion">False if operations in progress are not polled.</param>
/// <param name="MitigateOrphans">False if orphans are not deleted.</param>
internal sealed record PlatformBehaviour(bool Synchronous, bool WaitForCompletion, bool MitigateOrphans);

/// <summary>The result of an operation.</summary>
/// <param name="Response">The first response.</param>
/// <param name="Body">The body of the response, or of the fetch after it; null if there is none.</param>
/// <param name="Description">The reason of a failure, or the progress.</param>
/// <param name="Mitigation">The result of orphan mitigation; null if it did not run.</param>
/// <param name="MayBeOrphaned">True if the broker may still have the resource.</param>
internal sealed record OperationResult(
    OperationOutcome Outcome,
    OsbResponse Response,
    JsonElement? Body,
    string Description,
    string? Mitigation = null,
    bool MayBeOrphaned = false
)
{
    public string? Operation => Response.Status == 202 ? Response.Operation : null;
}

/// <summary>
/// Creates, updates and deletes as Cloud Controller does: 1. send the request, 2. assess the response, 3. poll while the operation is
/// in progress, 4. fetch the result of an asynchronous create, 5. mitigate orphans if the responses require it.
/// </summary>
internal sealed class PlatformOperations(BrokerClient client, LastOperationPoller poller, PlatformBehaviour behaviour, TimeProvider time)
{
    private const int MitigationAttempts = 3;
    private static readonly TimeSpan FirstMitigationWait = TimeSpan.FromSeconds(2);

    /// <summary>Findings that concern more than one response.</summary>
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> Findings => [.. client.Responses.SelectMany(response => response.Findings).Concat(_findings).Distinct()];

    /// <summary>Reads the catalog and adds its violations to the findings.</summary>
    /// <returns>The response and, if it is 200, the parsed catalog.</returns>
    public async Task<(OsbResponse Answer, OfferedCatalog? Catalog)> ReadCatalogAsync(CancellationToken cancellationToken)
    {
        var response = await client.SendAsync(OsbCalls.Catalog() with { SendsOriginatingIdentity = false }, cancellationToken);
        if (response.Status != 200)
        {
            return (response, null);
        }
        _findings.AddRange(CatalogRules.Validate(response.Body));
        return (response, OfferedCatalog.Parse(response.Body));
    }

    public Task<OperationResult> CreateInstanceAsync(
        ServiceOffering offering,
        ServicePlan plan,
        string instance,
        JsonObject body,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            OsbCalls.Provision(instance, body, !behaviour.Synchronous),
            OsbCalls.LastOperation(instance, null, plan.Ids),
            offering,
            plan,
            fetch: offering.InstancesRetrievable ? OsbCalls.FetchInstance(instance) : null,
            mitigation: OsbCalls.Deprovision(instance, plan.Ids),
            cancellationToken
        );

    public Task<OperationResult> UpdateInstanceAsync(
        ServiceOffering offering,
        ServicePlan previous,
        string instance,
        JsonObject body,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            OsbCalls.Update(instance, body, !behaviour.Synchronous),
            OsbCalls.LastOperation(instance, null, previous.Ids),
            offering,
            previous,
            fetch: offering.InstancesRetrievable ? OsbCalls.FetchInstance(instance) : null,
            mitigation: null,
            cancellationToken
        );

    public Task<OperationResult> DeleteInstanceAsync(
        ServiceOffering offering,
        ServicePlan plan,
        string instance,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            OsbCalls.Deprovision(instance, plan.Ids, !behaviour.Synchronous),
            OsbCalls.LastOperation(instance, null, plan.Ids),
            offering,
            plan,
            null,
            null,
            cancellationToken
        );

    public Task<OperationResult> BindAsync(
        ServiceOffering offering,
        ServicePlan plan,
        string instance,
        string binding,
        JsonObject body,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            OsbCalls.Bind(instance, binding, body, !behaviour.Synchronous) with
            {
                Requires = offering.Requires,
            },
            OsbCalls.LastOperation(instance, binding, plan.Ids),
            offering,
            plan,
            fetch: OsbCalls.FetchBinding(instance, binding) with
            {
                Requires = offering.Requires,
            },
            mitigation: OsbCalls.Unbind(instance, binding, plan.Ids),
            cancellationToken
        );

    public Task<OperationResult> UnbindAsync(
        ServiceOffering offering,
        ServicePlan plan,
        string instance,
        string binding,
        CancellationToken cancellationToken
    ) =>
        RunAsync(
            OsbCalls.Unbind(instance, binding, plan.Ids, !behaviour.Synchronous),
            OsbCalls.LastOperation(instance, binding, plan.Ids),
            offering,
            plan,
            null,
            null,
            cancellationToken
        );

    private async Task<OperationResult> RunAsync(
        OsbCall call,
        OsbCall poll,
        ServiceOffering offering,
        ServicePlan plan,
        OsbCall? fetch,
        OsbCall? mitigation,
        CancellationToken cancellationToken
    )
    {
        var response = await client.SendAsync(call, cancellationToken);
        var verdict = ResponseAssessment.Assess(response, offering.BindingsRetrievable);
        if (verdict.Finding is { } finding)
        {
            _findings.Add(finding);
        }
        OperationResult result = new(
            verdict.Outcome,
            response,
            response.BodyObject,
            verdict.Outcome == OperationOutcome.Succeeded ? ""
                : response.Status == 202 && !verdict.NeedsMitigation ? "in progress"
                : DescribeFailure(response)
        );
        var mitigate = verdict.NeedsMitigation;
        if (verdict.Outcome == OperationOutcome.InProgress && behaviour.WaitForCompletion)
        {
            if (response.Operation is { } operation)
            {
                poll = poll with { Path = $"{poll.Path}&operation={Uri.EscapeDataString(operation)}" };
            }
            var end = await poller.PollAsync(
                poll,
                mitigation is null && call.Method == HttpMethod.Delete,
                plan.MaximumPollingDuration,
                cancellationToken
            );
            result = result with { Outcome = end.Outcome, Description = end.Description };
            mitigate = end.NeedsMitigation;
            if (end.Outcome == OperationOutcome.Succeeded && fetch is not null)
            {
                (result, mitigate) = await FetchAsync(result, fetch, cancellationToken);
            }
        }

        if (!mitigate || mitigation is null)
        {
            return result;
        }
        return behaviour.MitigateOrphans
            ? await MitigateAsync(result, mitigation, cancellationToken)
            : result with
            {
                MayBeOrphaned = true,
            };
    }

    /// <summary>
    /// Fetches the result. After an asynchronous bind the fetch is required (requirements 110 and 112), after a provision or update it is
    /// optional.
    /// </summary>
    private async Task<(OperationResult Result, bool Mitigate)> FetchAsync(
        OperationResult result,
        OsbCall fetch,
        CancellationToken cancellationToken
    )
    {
        var fetched = await client.SendAsync(fetch, cancellationToken);
        if (fetched is { Status: 200, IsMalformed: false })
        {
            return (result with { Body = fetched.BodyObject }, false);
        }
        var bind = fetch.Endpoint == Endpoint.FetchBinding;
        _findings.Add(new(bind ? "110" : "70", "the operation succeeded, but the result cannot be fetched", fetched.Location));
        return bind
            ? (
                result with
                {
                    Outcome = OperationOutcome.Failed,
                    Description = $"The binding cannot be fetched: {DescribeFailure(fetched)}",
                },
                true
            )
            : (result, false);
    }

    /// <summary>Deletes a possible orphan, without originating identity. A 202 is not polled, as in Cloud Controller.</summary>
    private async Task<OperationResult> MitigateAsync(OperationResult result, OsbCall delete, CancellationToken cancellationToken)
    {
        var wait = FirstMitigationWait;
        for (var attempt = 1; ; attempt++, wait *= 2)
        {
            var response = await client.SendAsync(delete with { SendsOriginatingIdentity = false }, cancellationToken);
            if (response.Status is 200 or 202 or 410)
            {
                return result with { Mitigation = $"orphan mitigation: {response.Call} answered {response.StatusText}" };
            }
            if (attempt == MitigationAttempts)
            {
                return result with
                {
                    Mitigation = $"orphan mitigation failed {attempt} times: {response.Call} answered {response.StatusText}",
                    MayBeOrphaned = true,
                };
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static string DescribeFailure(OsbResponse response) =>
        response.IsSuccess
            ? string.Join("; ", response.Findings.Select(finding => finding.Observation).DefaultIfEmpty($"status {response.Status}"))
            : $"{response.StatusText}: {response.Description}";
}
