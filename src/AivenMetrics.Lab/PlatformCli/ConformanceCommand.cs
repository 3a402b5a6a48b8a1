using System.CommandLine;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Conformance;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary><c>conformance</c>: checks a live broker requirement by requirement.</summary>
internal static class ConformanceCommand
{
    private static readonly Option<string?> Offering = PlatformOptions.Text("--offering", "Name of the offering to order. Default: the first of the catalog.", "name");
    private static readonly Option<string?> Plan = PlatformOptions.Text("--plan", "Name of the plan to order. Default: the first of the offering.", "name");
    private static readonly Option<string?> Parameters = InstanceCommands.ParametersOption();
    private static readonly Option<string?> BindParameters = PlatformOptions.Text("--bind-parameters", "Parameters of binds, as JSON or @file. Default: none.", "json or @file");
    private static readonly Option<string?> OtherBindParameters = PlatformOptions.Text("--other-bind-parameters", "Valid parameters that differ from those, for conflicts. Default: made up.", "json or @file");
    private static readonly Option<string[]> Only = new("--requirement") { Description = "Only the checks of this requirement, such as 92. May be repeated. Default: all.", HelpName = "number" };
    private static readonly Option<double> Patience = new("--patience") { Description = "Seconds that an asynchronous operation may take. Default: 300.", DefaultValueFactory = _ => 300, HelpName = "seconds" };

    public static Command Create()
    {
        var command = new Command("conformance", "Checks a live broker against the specification. Makes instances and bindings and deletes them again; exit code 3 when anything is violated.")
        {
            Offering, Plan, Parameters, BindParameters, OtherBindParameters, Only, Patience,
            PlatformOptions.Organization, PlatformOptions.OrganizationName, PlatformOptions.Space, PlatformOptions.SpaceName,
        };
        command.SetAction((parsed, ct) => Run(parsed, ct));
        return command;
    }

    private static async Task<int> Run(ParseResult parsed, CancellationToken ct)
    {
        try
        {
            using var client = new BrokerClient(PlatformOptions.Connection(parsed), TimeProvider.System);
            var report = new PlatformReport(parsed.GetValue(PlatformOptions.AsJson));
            IReadOnlyList<CheckResult> results = await new ConformanceRun(client, Options(parsed), TimeProvider.System).Run(new Rows(report), ct);
            return results.Count > 0
                ? Summary(report, results, client.Answers.Count)
                : throw new UsageException("--requirement names nothing that is checked: give numbers of requirements as a whole run prints them, such as 91.");
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(Printable.Of(exception.Message));
            return PlatformSession.Usage;
        }
        catch (ViolatedException nothing)
        {
            await Console.Error.WriteLineAsync($"Nothing can be checked: {Printable.Of(nothing.Message)}");
            return PlatformSession.Refused;
        }
    }

    private static LabOptions Options(ParseResult parsed) => new(
        PlatformOptions.TenantOf(parsed),
        parsed.GetValue(Offering),
        parsed.GetValue(Plan),
        PlatformOptions.Parameters(parsed, Parameters),
        PlatformOptions.Parameters(parsed, BindParameters),
        PlatformOptions.Parameters(parsed, OtherBindParameters),
        parsed.GetValue(Only) ?? [],
        PlatformOptions.Polling(parsed).Interval,
        TimeSpan.FromSeconds(parsed.GetValue(Patience)));

    private static int Summary(PlatformReport report, IReadOnlyList<CheckResult> results, int requests)
    {
        int violated = results.Count(result => result.Grade == Grade.Violated);
        report.Line("");
        report.Line(
            $"{results.Count(result => result.Grade == Grade.Passed)} passed, {violated} violated, {results.Count(result => result.Grade == Grade.NotApplicable)} not applicable, in {requests} requests",
            violated > 0 ? "red" : "green");
        report.Set("violated", violated);
        report.Set("results", new JsonArray([.. results.Select(result => new JsonObject
        {
            ["requirement"] = result.Requirement.Id,
            ["level"] = result.Requirement.Level.ToString(),
            ["sentence"] = result.Sentence,
            ["grade"] = Word(result.Grade),
            ["seen"] = new JsonArray([.. result.Seen.Select(seen => (JsonNode)seen)]),
        })]));
        report.Print();
        return violated > 0 ? PlatformSession.Violated : PlatformSession.Fine;
    }

    private static string Word(Grade grade) => grade switch
    {
        Grade.Passed => "passed",
        Grade.Violated => "violated",
        _ => "not applicable",
    };

    /// <summary>A row of the table as soon as it is known: a run takes a while.</summary>
    private sealed class Rows(PlatformReport report) : IProgress<CheckResult>
    {
        private const int ShownAtMost = 12;

        public void Report(CheckResult result)
        {
            string colour = result.Grade switch { Grade.Passed => "green", Grade.Violated => "red", _ => "grey" };
            report.Line($"{result.Requirement.Id,-4} {Word(result.Grade),-15} {result.Sentence}", colour);
            foreach (string seen in result.Seen.Take(ShownAtMost))
                report.Line($"                       {seen}");
            if (result.Seen.Count > ShownAtMost)
                report.Line($"                       … and {result.Seen.Count - ShownAtMost} more");
        }
    }
}
