using System.CommandLine;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>One command against one broker.</summary>
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

    /// <summary>Runs a command and turns what happened into an exit code.</summary>
    /// <param name="act">Gives back whether the broker did what it was asked.</param>
    public static async Task<int> ExecuteAsync(ParseResult parsed, Func<PlatformSession, Task<bool>> act)
    {
        try
        {
            using var session = new PlatformSession(parsed, PlatformOptions.GetConnection(parsed));
            var done = await act(session);
            var findings = session.Operations.Findings;
            session.Report.WriteFindings(findings, session.Client.Responses);
            // What a broker should do, and need not, is told and no failure.
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

    /// <summary>The catalog's offering and plan of these names.</summary>
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
                $"The catalog has no offering {offeringName}: it has {JoinNames(catalog.Offerings.Select(offering => offering.Name))}."
            );
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => plan.Name == planName)
            ?? throw new UsageException(
                $"The offering {offeringName} has no plan {planName}: it has {JoinNames(offering.Plans.Select(plan => plan.Name))}."
            );
        return (offering, plan);
    }

    /// <summary>The catalog's offering and plan of an instance or binding that was made before.</summary>
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
            ?? throw new UsageException($"The catalog has no longer the offering of the id {serviceId}.");
        ServicePlan plan = offering.Plans.FirstOrDefault(plan => plan.Id == planId)
            ?? throw new UsageException($"The offering {offering.Name} has no longer the plan of the id {planId}.");
        return (offering, plan);
    }

    public async Task<OfferedCatalog?> ReadCatalogAsync(CancellationToken cancellationToken)
    {
        (var answer, var catalog) = await Operations.ReadCatalogAsync(cancellationToken);
        Report.SetMember("catalog_status", answer.Status);
        if (catalog is null)
        {
            Report.WriteLine($"The catalog cannot be read: {answer.StatusText}: {answer.Description}", "red");
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
