using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>
/// Checks a live broker from outside: every group of checks one after the other, each with things of its own that are deleted
/// afterwards. Besides, every answer is looked at by itself, whatever the check was about.
/// </summary>
internal sealed class ConformanceRun(BrokerClient client, LabOptions options, TimeProvider time)
{
    /// <summary>All checks, in the order of the requirements.</summary>
    public static IReadOnlyList<Check> Checks { get; } =
    [
        .. AuthenticationChecks.All,
        .. HeaderChecks.All,
        .. BodyChecks.All,
        .. CatalogChecks.All,
        .. ProvisionChecks.All,
        .. FetchInstanceChecks.All,
        .. UpdateChecks.All,
        .. BindChecks.All,
        .. BindReplayChecks.All,
        .. RotationChecks.All,
        .. OperationChecks.All,
        .. DeleteChecks.All,
        .. ConcurrencyChecks.All,
        .. ProfileChecks.All,
    ];

    /// <summary>Runs the checks; each result is reported as soon as it is known.</summary>
    /// <exception cref="ViolatedException">There is nothing to order: no catalog, or not the offering or plan that was named.</exception>
    public async Task<IReadOnlyList<CheckResult>> Run(IProgress<CheckResult> progress, CancellationToken ct)
    {
        (Offering offering, Plan plan) = await Choose(ct);
        List<CheckResult> results = [];
        void Report(CheckResult result)
        {
            results.Add(result);
            progress.Report(result);
        }

        foreach (Check check in Checks.Where(check => options.Requirements.Count == 0 || options.Requirements.Contains(check.Requirement)))
            Report(await Run(check, new Lab(client, options, offering, plan, time, ct)));
        foreach (CheckResult result in InPassing())
            Report(result);
        return results;
    }

    private async Task<(Offering Offering, Plan Plan)> Choose(CancellationToken ct)
    {
        Answer answer = await client.Send(Asks.Catalog(), ct);
        if (answer.Status != 200)
            throw new ViolatedException($"the catalog cannot be read: {answer.Shown}: {answer.Description}");
        OfferedCatalog catalog = OfferedCatalog.Read(answer.Body);
        Offering offering = catalog.Offerings.FirstOrDefault(offering => options.Offering is null || offering.Name == options.Offering)
            ?? throw new ViolatedException($"the catalog has no offering {options.Offering}");
        Plan plan = offering.Plans.FirstOrDefault(plan => options.Plan is null || plan.Name == options.Plan)
            ?? throw new ViolatedException($"the offering {offering.Name} has no plan {options.Plan}");
        return (offering, plan);
    }

    private static async Task<CheckResult> Run(Check check, Lab lab)
    {
        List<string> seen = [];
        string? notApplicable = null;
        try
        {
            await check.Run(lab);
        }
        catch (NotApplicableException why)
        {
            notApplicable = why.Message;
        }
        catch (ViolatedException violation)
        {
            seen.Add(violation.Message);
        }

        seen.InsertRange(0, lab.Violations);
        seen.AddRange(await lab.CleanUp());
        Grade grade = seen.Count > 0 ? Grade.Violated : notApplicable is null ? Grade.Passed : Grade.NotApplicable;
        return new(Requirements.Of(check.Requirement), check.Sentence, grade, seen.Count > 0 ? seen : notApplicable is null ? [] : [notApplicable]);
    }

    /// <summary>What was wrong with answers whatever the check was about, each kind of fault once, with where it was seen first.</summary>
    private IEnumerable<CheckResult> InPassing() => client.Answers
        .SelectMany(answer => answer.Findings)
        .GroupBy(finding => finding.Requirement)
        .OrderBy(group => group.Key.Id.Length).ThenBy(group => group.Key.Id, StringComparer.Ordinal)
        .Select(group => new CheckResult(
            group.Key,
            "In every answer: " + group.Key.Text,
            Grade.Violated,
            [.. group.GroupBy(finding => finding.Seen).Select(same => $"{same.Key}: {same.First().Where}{(same.Count() > 1 ? $" and {same.Count() - 1} more" : "")}")]));
}
