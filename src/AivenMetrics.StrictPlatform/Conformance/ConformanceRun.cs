using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>
/// Checks a live broker from outside: every group of checks one after the other, each with things of its own that are deleted
/// afterwards. Besides, every answer is looked at by itself, whatever the check was about.
/// </summary>
internal sealed class ConformanceRun(BrokerClient client, ConformanceOptions options, TimeProvider time)
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
    /// <exception cref="ViolationException">There is nothing to order: no catalog, or not the offering or plan that was named.</exception>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(IProgress<CheckResult> progress, CancellationToken cancellationToken)
    {
        (var offering, var plan) = await ChoosePlanAsync(cancellationToken);
        List<CheckResult> results = [];
        void Report(CheckResult result)
        {
            results.Add(result);
            progress.Report(result);
        }

        foreach (var check in Checks.Where(check => options.Requirements.Count == 0 || options.Requirements.Contains(check.Requirement)))
        {
            Report(await RunAsync(check, new ConformanceContext(client, options, offering, plan, time, cancellationToken)));
        }
        foreach (var result in GeneralFindings())
        {
            Report(result);
        }
        return results;
    }

    private async Task<(ServiceOffering Offering, ServicePlan Plan)> ChoosePlanAsync(CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync(OsbCalls.Catalog(), cancellationToken);
        if (answer.Status != 200)
        {
            throw new ViolationException($"the catalog cannot be read: {answer.StatusText}: {answer.Description}");
        }
        var catalog = OfferedCatalog.Parse(answer.Body);
        ServiceOffering offering = catalog.Offerings.FirstOrDefault(offering =>
            options.Offering is null || offering.Name == options.Offering
        ) ?? throw new ViolationException($"the catalog has no offering {options.Offering}");
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => options.Plan is null || plan.Name == options.Plan)
            ?? throw new ViolationException($"the offering {offering.Name} has no plan {options.Plan}");
        return (offering, plan);
    }

    private static async Task<CheckResult> RunAsync(Check check, ConformanceContext lab)
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
        catch (ViolationException violation)
        {
            seen.Add(violation.Message);
        }

        seen.InsertRange(0, lab.Violations);
        seen.AddRange(await lab.CleanUpAsync());
        var grade =
            seen.Count > 0 ? CheckOutcome.Violated
            : notApplicable is null ? CheckOutcome.Passed
            : CheckOutcome.NotApplicable;
        return new(
            Requirements.Get(check.Requirement),
            check.Statement,
            grade,
            seen.Count > 0 ? seen
                : notApplicable is null ? []
                : [notApplicable]
        );
    }

    /// <summary>What was wrong with answers whatever the check was about, each kind of fault once, with where it was seen first.</summary>
    private IEnumerable<CheckResult> GeneralFindings() =>
        client
            .Responses.SelectMany(answer => answer.Findings)
            .GroupBy(finding => finding.Requirement)
            .OrderBy(group => group.Key.Id.Length)
            .ThenBy(group => group.Key.Id, StringComparer.Ordinal)
            .Select(group => new CheckResult(
                group.Key,
                "In every answer: " + group.Key.Text,
                CheckOutcome.Violated,
                [
                    .. group
                        .GroupBy(finding => finding.Observation)
                        .Select(same => $"{same.Key}: {same.First().Location}{(same.Count() > 1 ? $" and {same.Count() - 1} more" : "")}"),
                ]
            ));
}
