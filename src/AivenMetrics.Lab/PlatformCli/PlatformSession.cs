using System.CommandLine;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>Runs one command against one broker.</summary>
internal sealed class PlatformSession : IDisposable
{
    public const int SuccessExitCode = 0;
    public const int FailureExitCode = 1;
    public const int UsageExitCode = 2;
    public const int ViolationExitCode = 3;

    private PlatformSession(ParseResult parsed, BrokerConnection connection)
    {
        Client = new BrokerClient(connection, TimeProvider.System);
        State = PlatformOptions.OpenStateFile(parsed, connection);
        Report = new PlatformReport(parsed.GetValue(PlatformOptions.AsJson));
        (var interval, var longest) = PlatformOptions.GetPolling(parsed);
        Operations = new PlatformOperations(
            Client,
            new LastOperationPoller(Client, interval, longest, TimeProvider.System, new Progress(Report)),
            PlatformOptions.GetBehaviour(parsed),
            TimeProvider.System
        );
    }

    public BrokerClient Client { get; }

    public PlatformStateFile State { get; }

    public PlatformReport Report { get; }

    public PlatformOperations Operations { get; }

    /// <summary>Runs a command and returns its exit code.</summary>
    /// <param name="act">The command; returns whether the broker fulfilled the request.</param>
    public static async Task<int> ExecuteAsync(ParseResult parsed, Func<PlatformSession, Task<bool>> act)
    {
        try
        {
            using var session = new PlatformSession(parsed, PlatformOptions.GetConnection(parsed));
            var done = await act(session);
            var findings = session.Operations.Findings;
            session.Report.WriteFindings(findings, session.Client.Responses);
            // Violations of SHOULD requirements are reported and do not fail the command.
            return findings.Any(finding => finding.Requirement.Level != RequirementLevel.Should) ? ViolationExitCode
                : done ? SuccessExitCode
                : FailureExitCode;
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(PrintableText.Sanitize(exception.Message));
            return UsageExitCode;
        }
    }

    /// <summary>Returns the offering and the plan with these names.</summary>
    public async Task<(ServiceOffering Offering, ServicePlan Plan)?> FindPlanByNameAsync(
        string offeringName,
        string planName,
        CancellationToken cancellationToken
    )
    {
        if (await ReadCatalogAsync(cancellationToken) is not { } catalog)
        {
            return null;
        }
        ServiceOffering offering = catalog.Offerings.FirstOrDefault(offering => offering.Name == offeringName)
            ?? throw new UsageException(
                $"The catalog has no offering {offeringName}. Its offerings are "
                    + $"{JoinNames(catalog.Offerings.Select(offering => offering.Name))}."
            );
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => plan.Name == planName)
            ?? throw new UsageException(
                $"The offering {offeringName} has no plan {planName}. Its plans are {JoinNames(offering.Plans.Select(plan => plan.Name))}."
            );
        return (offering, plan);
    }

    /// <summary>Returns the offering and the plan of an existing instance or binding.</summary>
    public async Task<(ServiceOffering Offering, ServicePlan Plan)?> FindPlanByIdAsync(
        string serviceId,
        string planId,
        CancellationToken cancellationToken
    )
    {
        if (await ReadCatalogAsync(cancellationToken) is not { } catalog)
        {
            return null;
        }
        ServiceOffering offering = catalog.Offerings.FirstOrDefault(offering => offering.Id == serviceId)
            ?? throw new UsageException($"The catalog no longer has an offering with the id {serviceId}.");
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => plan.Id == planId)
            ?? throw new UsageException($"The offering {offering.Name} no longer has a plan with the id {planId}.");
        return (offering, plan);
    }

    public async Task<OfferedCatalog?> ReadCatalogAsync(CancellationToken cancellationToken)
    {
        (var response, var catalog) = await Operations.ReadCatalogAsync(cancellationToken);
        Report.SetMember("catalog_status", response.Status);
        if (catalog is null)
        {
            Report.WriteLine($"The catalog cannot be read: {response.StatusText}: {response.Description}", "red");
        }
        return catalog;
    }

    public void Dispose() => Client.Dispose();

    private static string JoinNames(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private sealed class Progress(PlatformReport report) : IProgress<string>
    {
        public void Report(string value) => report.WriteLine("  … " + value, "grey");
    }
}
