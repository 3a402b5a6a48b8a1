using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Lifecycle;

/// <summary>How the platform behaves.</summary>
/// <param name="Synchronous">Does not accept asynchronous operations.</param>
/// <param name="Wait">False: an operation in progress is not polled.</param>
/// <param name="Mitigate">False: orphans are left, for looking at them.</param>
internal sealed record Behaviour(bool Synchronous, bool Wait, bool Mitigate);

/// <summary>What became of a request.</summary>
/// <param name="Answer">The first answer; null: there was none to ask for.</param>
/// <param name="Body">What the resource is now, as far as the platform knows: the answer's or the fetched body.</param>
/// <param name="Description">Why it failed or how far it is.</param>
/// <param name="Mitigated">What orphan mitigation did; null: there was nothing to mitigate, or it is switched off.</param>
/// <param name="Left">The broker may hold something that nobody has deleted.</param>
internal sealed record Result(Outcome Outcome, Answer Answer, JsonElement? Body, string Description, string? Mitigated = null, bool Left = false)
{
    public string? Operation => Answer.Status == 202 ? Answer.Operation : null;
}

/// <summary>
/// Creates, changes and deletes as Cloud Controller does: 1. the request, 2. its verdict, 3. polling while in progress, 4. the
/// fetch that an asynchronous create needs, 5. orphan mitigation when the answers demand it.
/// </summary>
internal sealed class PlatformRun(BrokerClient client, Poller poller, Behaviour behaviour, TimeProvider time)
{
    private const int MitigationAttempts = 3;
    private static readonly TimeSpan FirstMitigationWait = TimeSpan.FromSeconds(2);

    /// <summary>Findings that no answer shows by itself.</summary>
    private readonly List<Finding> findings = [];

    public IReadOnlyList<Finding> Findings => [.. client.Answers.SelectMany(answer => answer.Findings).Concat(findings).Distinct()];

    /// <summary>Reads the catalog; its faults become findings.</summary>
    /// <returns>The answer and, when it was a catalog, what it offers.</returns>
    public async Task<(Answer Answer, OfferedCatalog? Catalog)> Catalog(CancellationToken ct)
    {
        Answer answer = await client.Send(Asks.Catalog() with { ByUser = false }, ct);
        if (answer.Status != 200)
            return (answer, null);
        findings.AddRange(CatalogRules.Faults(answer.Body));
        return (answer, OfferedCatalog.Read(answer.Body));
    }

    public Task<Result> CreateInstance(Offering offering, Plan plan, string instance, JsonObject body, CancellationToken ct) => Run(
        Asks.Provision(instance, body, !behaviour.Synchronous),
        Asks.LastOperation(instance, null, plan.Ids),
        offering, plan,
        fetch: offering.InstancesRetrievable ? Asks.FetchInstance(instance) : null,
        mitigation: Asks.Deprovision(instance, plan.Ids),
        ct);

    public Task<Result> UpdateInstance(Offering offering, Plan previous, string instance, JsonObject body, CancellationToken ct) => Run(
        Asks.Update(instance, body, !behaviour.Synchronous),
        Asks.LastOperation(instance, null, previous.Ids),
        offering, previous,
        fetch: offering.InstancesRetrievable ? Asks.FetchInstance(instance) : null,
        mitigation: null,
        ct);

    public Task<Result> DeleteInstance(Offering offering, Plan plan, string instance, CancellationToken ct) => Run(
        Asks.Deprovision(instance, plan.Ids, !behaviour.Synchronous), Asks.LastOperation(instance, null, plan.Ids), offering, plan, null, null, ct);

    public Task<Result> Bind(Offering offering, Plan plan, string instance, string binding, JsonObject body, CancellationToken ct) => Run(
        Asks.Bind(instance, binding, body, !behaviour.Synchronous) with { Requires = offering.Requires },
        Asks.LastOperation(instance, binding, plan.Ids),
        offering, plan,
        fetch: Asks.FetchBinding(instance, binding) with { Requires = offering.Requires },
        mitigation: Asks.Unbind(instance, binding, plan.Ids),
        ct);

    public Task<Result> Unbind(Offering offering, Plan plan, string instance, string binding, CancellationToken ct) => Run(
        Asks.Unbind(instance, binding, plan.Ids, !behaviour.Synchronous), Asks.LastOperation(instance, binding, plan.Ids), offering, plan, null, null, ct);

    private async Task<Result> Run(Ask ask, Ask poll, Offering offering, Plan plan, Ask? fetch, Ask? mitigation, CancellationToken ct)
    {
        Answer answer = await client.Send(ask, ct);
        Verdict verdict = Verdict.Of(answer, offering.BindingsRetrievable);
        if (verdict.Finding is { } finding)
            findings.Add(finding);
        Result result = new(verdict.Outcome, answer, answer.Object, verdict.Outcome == Outcome.Succeeded ? "" : answer.Status == 202 && !verdict.Mitigate ? "in progress" : Reason(answer));
        bool mitigate = verdict.Mitigate;
        if (verdict.Outcome == Outcome.InProgress && behaviour.Wait)
        {
            if (answer.Operation is { } operation)
                poll = poll with { Path = $"{poll.Path}&operation={Uri.EscapeDataString(operation)}" };
            PollResult end = await poller.Poll(poll, mitigation is null && ask.Method == HttpMethod.Delete, plan.MaximumPollingDuration, ct);
            result = result with { Outcome = end.Outcome, Description = end.Description };
            mitigate = end.Mitigate;
            if (end.Outcome == Outcome.Succeeded && fetch is not null)
                (result, mitigate) = await Fetch(result, fetch, ct);
        }

        if (!mitigate || mitigation is null)
            return result;
        return behaviour.Mitigate ? await Mitigate(result, mitigation, ct) : result with { Left = true };
    }

    /// <summary>After an asynchronous bind the fetch is obligatory (110, 112); after a provision or update it is a courtesy.</summary>
    private async Task<(Result Result, bool Mitigate)> Fetch(Result result, Ask fetch, CancellationToken ct)
    {
        Answer fetched = await client.Send(fetch, ct);
        if (fetched is { Status: 200, Malformed: false })
            return (result with { Body = fetched.Object }, false);
        bool bind = fetch.Endpoint == Endpoint.FetchBinding;
        findings.Add(new(bind ? "110" : "70", "the operation succeeded, but the result cannot be fetched", fetched.Where));
        return bind
            ? (result with { Outcome = Outcome.Failed, Description = $"The binding cannot be fetched: {Reason(fetched)}" }, true)
            : (result, false);
    }

    /// <summary>Deletes what may have been left; not asked by a user, and a 202 is not polled (B3).</summary>
    private async Task<Result> Mitigate(Result result, Ask delete, CancellationToken ct)
    {
        TimeSpan wait = FirstMitigationWait;
        for (int attempt = 1; ; attempt++, wait *= 2)
        {
            Answer answer = await client.Send(delete with { ByUser = false }, ct);
            if (answer.Status is 200 or 202 or 410)
                return result with { Mitigated = $"orphan mitigation: {answer.Ask} answered {answer.Shown}" };
            if (attempt == MitigationAttempts)
                return result with { Mitigated = $"orphan mitigation failed {attempt} times: {answer.Ask} answered {answer.Shown}", Left = true };
            await Task.Delay(wait, time, ct);
        }
    }

    private static string Reason(Answer answer) =>
        answer.IsSuccess ? string.Join("; ", answer.Findings.Select(finding => finding.Seen).DefaultIfEmpty($"status {answer.Status}")) : $"{answer.Shown}: {answer.Description}";
}
