using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.StrictPlatform.Conformance;

/// <summary>
/// Runs all checks against a running broker, one after the other. Each check creates its own resources and deletes them. In addition,
/// every response is validated by itself.
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

    /// <summary>Runs the checks and reports each result as soon as it is available.</summary>
    /// <exception cref="ViolationException">The catalog cannot be read, or does not contain the offering or the plan.</exception>
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
        var response = await client.SendAsync(OsbCalls.Catalog(), cancellationToken);
        if (response.Status != 200)
        {
            throw new ViolationException($"the catalog cannot be read: {response.StatusText}: {response.Description}");
        }
        var catalog = OfferedCatalog.Parse(response.Body);
        ServiceOffering offering = catalog.Offerings.FirstOrDefault(offering =>
            options.Offering is null || offering.Name == options.Offering
        ) ?? throw new ViolationException($"the catalog has no offering {options.Offering}");
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => options.Plan is null || plan.Name == options.Plan)
            ?? throw new ViolationException($"the offering {offering.Name} has no plan {options.Plan}");
        return (offering, plan);
    }

    private static async Task<CheckResult> RunAsync(Check check, ConformanceContext context)
    {
        List<string> seen = [];
        string? notApplicable = null;
        try
        {
            await check.Run(context);
        }
        catch (NotApplicableException why)
        {
            notApplicable = why.Message;
        }
        catch (ViolationException violation)
        {
            seen.Add(violation.Message);
        }

        seen.InsertRange(0, context.Violations);
        seen.AddRange(await context.CleanUpAsync());
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

    /// <summary>Returns the findings of all responses, one per requirement, with the first request of each.</summary>
    private IEnumerable<CheckResult> GeneralFindings() =>
        client
            .Responses.SelectMany(response => response.Findings)
            .GroupBy(finding => finding.Requirement)
            .OrderBy(group => group.Key.Id.Length)
            .ThenBy(group => group.Key.Id, StringComparer.Ordinal)
            .Select(group => new CheckResult(
                group.Key,
                "In every response:  " + group.Key.Text,
                CheckOutcome.Violated,
                [
                    .. group
                        .GroupBy(finding => finding.Observation)
                        .Select(same => $"{same.Key}: {same.First().Location}{(same.Count() > 1 ? $" and {same.Count() - 1} more" : "")}"),
                ]
            ));
}
