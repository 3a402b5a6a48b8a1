using System.CommandLine;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using AivenMetrics.StrictPlatform.Rules;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>One command against one broker.</summary>
internal sealed class PlatformSession : IDisposable
{
    public const int Fine = 0;
    public const int Refused = 1;
    public const int Usage = 2;
    public const int Violated = 3;

    private PlatformSession(ParseResult parsed, BrokerConnection connection)
    {
        Client = new BrokerClient(connection, TimeProvider.System);
        Memory = PlatformOptions.Memory(parsed, connection);
        Report = new PlatformReport(parsed.GetValue(PlatformOptions.AsJson));
        (TimeSpan interval, TimeSpan longest) = PlatformOptions.Polling(parsed);
        Run = new PlatformRun(Client, new Poller(Client, interval, longest, TimeProvider.System, new Progress(Report)), PlatformOptions.Behaviour(parsed), TimeProvider.System);
    }

    public BrokerClient Client { get; }

    public PlatformMemory Memory { get; }

    public PlatformReport Report { get; }

    public PlatformRun Run { get; }

    /// <summary>Runs a command and turns what happened into an exit code.</summary>
    /// <param name="act">Gives back whether the broker did what it was asked.</param>
    public static async Task<int> Do(ParseResult parsed, Func<PlatformSession, Task<bool>> act)
    {
        try
        {
            using var session = new PlatformSession(parsed, PlatformOptions.Connection(parsed));
            bool done = await act(session);
            IReadOnlyList<Finding> findings = session.Run.Findings;
            session.Report.End(findings, session.Client.Answers);
            // What a broker should do, and need not, is told and no failure.
            return findings.Any(finding => finding.Requirement.Level != Level.Should) ? Violated : done ? Fine : Refused;
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(Printable.Of(exception.Message));
            return Usage;
        }
    }

    /// <summary>The catalog's offering and plan of these names.</summary>
    public async Task<(Offering Offering, Plan Plan)?> ByName(string offeringName, string planName, CancellationToken ct)
    {
        if (await Catalog(ct) is not { } catalog)
            return null;
        Offering offering = catalog.Offerings.FirstOrDefault(offering => offering.Name == offeringName)
            ?? throw new UsageException($"The catalog has no offering {offeringName}: it has {Names(catalog.Offerings.Select(offering => offering.Name))}.");
        Plan plan = offering.Plans.FirstOrDefault(plan => plan.Name == planName)
            ?? throw new UsageException($"The offering {offeringName} has no plan {planName}: it has {Names(offering.Plans.Select(plan => plan.Name))}.");
        return (offering, plan);
    }

    /// <summary>The catalog's offering and plan of an instance or binding that was made before.</summary>
    public async Task<(Offering Offering, Plan Plan)?> ById(string serviceId, string planId, CancellationToken ct)
    {
        if (await Catalog(ct) is not { } catalog)
            return null;
        Offering offering = catalog.Offerings.FirstOrDefault(offering => offering.Id == serviceId)
            ?? throw new UsageException($"The catalog has no longer the offering of the id {serviceId}.");
        Plan plan = offering.Plans.FirstOrDefault(plan => plan.Id == planId)
            ?? throw new UsageException($"The offering {offering.Name} has no longer the plan of the id {planId}.");
        return (offering, plan);
    }

    public async Task<OfferedCatalog?> Catalog(CancellationToken ct)
    {
        (Answer answer, OfferedCatalog? catalog) = await Run.Catalog(ct);
        Report.Set("catalog_status", answer.Status);
        if (catalog is null)
            Report.Line($"The catalog cannot be read: {answer.Shown}: {answer.Description}", "red");
        return catalog;
    }

    public void Dispose() => Client.Dispose();

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private sealed class Progress(PlatformReport report) : IProgress<string>
    {
        public void Report(string value) => report.Line("  … " + value, "grey");
    }
}
