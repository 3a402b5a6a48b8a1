using System.CommandLine;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Conformance;
using AivenMetrics.StrictPlatform.Protocol;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>The command <c>conformance</c>: checks a running broker against the specification.</summary>
internal static class ConformanceCommand
{
    private static readonly Option<string?> Offering = PlatformOptions.TextOption(
        "--offering",
        "Name of the offering to provision. Default: the first offering of the catalog.",
        "name"
    );
    private static readonly Option<string?> Plan = PlatformOptions.TextOption(
        "--plan",
        "Name of the plan to provision. Default: the first plan of the offering.",
        "name"
    );
    private static readonly Option<string?> BindParameters = PlatformOptions.TextOption(
        "--bind-parameters",
        "Parameters of bind requests, as JSON or @file. Default: none.",
        "json or @file"
    );
    private static readonly Option<string?> OtherBindParameters = PlatformOptions.TextOption(
        "--other-bind-parameters",
        "Other valid parameters of bind requests, to test conflicts. Default: an unknown parameter.",
        "json or @file"
    );
    private static readonly Option<string[]> Only = new("--requirement")
    {
        Description = "Run only the checks of this requirement, such as 92. May be repeated. Default: all.",
        HelpName = "number",
    };
    private static readonly Option<double> OperationTimeout = new("--patience")
    {
        Description = "Maximum duration of an asynchronous operation in seconds. Default: 300.",
        DefaultValueFactory = _ => 300,
        HelpName = "seconds",
    };

    public static Command Create()
    {
        var command = new Command(
            "conformance",
            "Checks a running broker against the specification. Creates instances and bindings and deletes them again. The "
                + "exit code is 3 if a check fails."
        )
        {
            Offering,
            Plan,
            PlatformOptions.Parameters,
            BindParameters,
            OtherBindParameters,
            Only,
            OperationTimeout,
            PlatformOptions.Organization,
            PlatformOptions.OrganizationName,
            PlatformOptions.Space,
            PlatformOptions.SpaceName,
        };
        command.SetAction((parsed, ct) => RunAsync(parsed, ct));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            using var client = new BrokerClient(PlatformOptions.GetConnection(parsed), TimeProvider.System);
            var report = new PlatformReport(parsed.GetValue(PlatformOptions.AsJson));
            var results = await new ConformanceRun(client, Options(parsed), TimeProvider.System).RunAsync(
                new ResultWriter(report),
                cancellationToken
            );
            return results.Count > 0
                ? WriteSummary(report, results, client.Responses.Count)
                : throw new UsageException(
                    "--requirement matches no check: use the number of a requirement from the output of a complete run, such as 91."
                );
        }
        catch (Exception exception) when (exception is UsageException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(PrintableText.Sanitize(exception.Message));
            return PlatformSession.UsageExitCode;
        }
        catch (ViolationException nothing)
        {
            await Console.Error.WriteLineAsync($"The checks cannot run: {PrintableText.Sanitize(nothing.Message)}");
            return PlatformSession.FailureExitCode;
        }
    }

    private static ConformanceOptions Options(ParseResult parsed) =>
        new(
            PlatformOptions.GetTenant(parsed),
            parsed.GetValue(Offering),
            parsed.GetValue(Plan),
            PlatformOptions.GetParameters(parsed, PlatformOptions.Parameters),
            PlatformOptions.GetParameters(parsed, BindParameters),
            PlatformOptions.GetParameters(parsed, OtherBindParameters),
            parsed.GetValue(Only) ?? [],
            PlatformOptions.GetPolling(parsed).Interval,
            TimeSpan.FromSeconds(parsed.GetValue(OperationTimeout))
        );

    private static int WriteSummary(PlatformReport report, IReadOnlyList<CheckResult> results, int requests)
    {
        var violated = results.Count(result => result.Outcome == CheckOutcome.Violated);
        report.WriteLine("");
        report.WriteLine(
            $"{results.Count(result => result.Outcome == CheckOutcome.Passed)} passed, {violated} violated, "
                + $"{results.Count(result => result.Outcome == CheckOutcome.NotApplicable)} not applicable, in {requests} requests",
            violated > 0 ? "red" : "green"
        );
        report.SetMember("violated", violated);
        report.SetMember(
            "results",
            new JsonArray([
                .. results.Select(result => new JsonObject
                {
                    ["requirement"] = result.Requirement.Id,
                    ["level"] = result.Requirement.Level.ToString(),
                    ["sentence"] = result.Statement,
                    ["grade"] = Describe(result.Outcome),
                    ["seen"] = new JsonArray([.. result.Observations.Select(seen => (JsonNode)seen)]),
                }),
            ])
        );
        report.WriteDocument();
        return violated > 0 ? PlatformSession.ViolationExitCode : PlatformSession.SuccessExitCode;
    }

    private static string Describe(CheckOutcome grade) =>
        grade switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Violated => "violated",
            _ => "not applicable",
        };

    /// <summary>Writes each result as soon as it is available, because a run takes minutes.</summary>
    private sealed class ResultWriter(PlatformReport report) : IProgress<CheckResult>
    {
        private const int MaximumObservations = 12;

        public void Report(CheckResult result)
        {
            var colour = result.Outcome switch
            {
                CheckOutcome.Passed => "green",
                CheckOutcome.Violated => "red",
                _ => "grey",
            };
            report.WriteLine($"{result.Requirement.Id.PadRight(4)} {Describe(result.Outcome).PadRight(15)} {result.Statement}", colour);
            foreach (var seen in result.Observations.Take(MaximumObservations))
            {
                report.WriteLine($"                       {seen}");
            }
            if (result.Observations.Count > MaximumObservations)
            {
                report.WriteLine($"                       … and {result.Observations.Count - MaximumObservations} more");
            }
        }
    }
}
