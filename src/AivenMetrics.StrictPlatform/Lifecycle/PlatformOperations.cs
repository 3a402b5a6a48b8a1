using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>How the platform behaves.</summary>
/// <param name="Synchronous">Does not accept asynchronous operations.</param>
/// <param name="WaitForCompletion">False: an operation in progress is not polled.</param>
/// <param name="MitigateOrphans">False: orphans are left, for looking at them.</param>
internal sealed record PlatformBehaviour(bool Synchronous, bool WaitForCompletion, bool MitigateOrphans);

/// <summary>What became of a request.</summary>
/// <param name="Response">The first answer; null: there was none to ask for.</param>
/// <param name="Body">What the resource is now, as far as the platform knows: the answer's or the fetched body.</param>
/// <param name="Description">Why it failed or how far it is.</param>
/// <param name="Mitigation">What orphan mitigation did; null: there was nothing to mitigate, or it is switched off.</param>
/// <param name="MayBeOrphaned">The broker may hold something that nobody has deleted.</param>
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
/// Creates, changes and deletes as Cloud Controller does: 1. the request, 2. its verdict, 3. polling while in progress, 4. the
/// fetch that an asynchronous create needs, 5. orphan mitigation when the answers demand it.
/// </summary>
internal sealed class PlatformOperations(BrokerClient client, LastOperationPoller poller, PlatformBehaviour behaviour, TimeProvider time)
{
    private const int MitigationAttempts = 3;
    private static readonly TimeSpan FirstMitigationWait = TimeSpan.FromSeconds(2);

    /// <summary>Findings that no answer shows by itself.</summary>
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<Finding> Findings => [.. client.Responses.SelectMany(answer => answer.Findings).Concat(_findings).Distinct()];

    /// <summary>Reads the catalog; its faults become findings.</summary>
    /// <returns>The answer and, when it was a catalog, what it offers.</returns>
    public async Task<(OsbResponse Answer, OfferedCatalog? Catalog)> ReadCatalogAsync(CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(OsbCalls.Catalog() with { SendsOriginatingIdentity = false }, cancellationToken);
        if (answer.Status != 200)
        {
            return (answer, null);
        }
        _findings.AddRange(CatalogRules.Validate(answer.Body));
        return (answer, OfferedCatalog.Parse(answer.Body));
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
        OsbCall ask,
        OsbCall poll,
        ServiceOffering offering,
        ServicePlan plan,
        OsbCall? fetch,
        OsbCall? mitigation,
        CancellationToken cancellationToken
    )
    {
        var answer = await client.SendAsync(ask, cancellationToken);
        var verdict = ResponseAssessment.Assess(answer, offering.BindingsRetrievable);
        if (verdict.Finding is { } finding)
        {
            _findings.Add(finding);
        }
        OperationResult result = new(
            verdict.Outcome,
            answer,
            answer.BodyObject,
            verdict.Outcome == OperationOutcome.Succeeded ? ""
                : answer.Status == 202 && !verdict.NeedsMitigation ? "in progress"
                : DescribeFailure(answer)
        );
        var mitigate = verdict.NeedsMitigation;
        if (verdict.Outcome == OperationOutcome.InProgress && behaviour.WaitForCompletion)
        {
            if (answer.Operation is { } operation)
            {
                poll = poll with { Path = $"{poll.Path}&operation={Uri.EscapeDataString(operation)}" };
            }
            var end = await poller.PollAsync(
                poll,
                mitigation is null && ask.Method == HttpMethod.Delete,
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

    /// <summary>After an asynchronous bind the fetch is obligatory (110, 112); after a provision or update it is a courtesy.</summary>
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

    /// <summary>Deletes what may have been left; not asked by a user, and a 202 is not polled (B3).</summary>
    private async Task<OperationResult> MitigateAsync(OperationResult result, OsbCall delete, CancellationToken cancellationToken)
    {
        var wait = FirstMitigationWait;
        for (var attempt = 1; ; attempt++, wait *= 2)
        {
            var answer = await client.SendAsync(delete with { SendsOriginatingIdentity = false }, cancellationToken);
            if (answer.Status is 200 or 202 or 410)
            {
                return result with { Mitigation = $"orphan mitigation: {answer.Call} answered {answer.StatusText}" };
            }
            if (attempt == MitigationAttempts)
            {
                return result with
                {
                    Mitigation = $"orphan mitigation failed {attempt} times: {answer.Call} answered {answer.StatusText}",
                    MayBeOrphaned = true,
                };
            }
            await Task.Delay(wait, time, cancellationToken);
        }
    }

    private static string DescribeFailure(OsbResponse answer) =>
        answer.IsSuccess
            ? string.Join("; ", answer.Findings.Select(finding => finding.Observation).DefaultIfEmpty($"status {answer.Status}"))
            : $"{answer.StatusText}: {answer.Description}";
}
