using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Spectre.Console;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>Says what happened: tables and colour on a terminal, plain texts elsewhere, or one JSON document.</summary>
internal sealed class PlatformReport(bool json)
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _document = [];

    private static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>A member of the JSON document.</summary>
    public void SetMember(string name, JsonNode? value) => _document[name] = value;

    public void SetMember(string name, JsonElement? value)
    {
        if (value is { } element)
        {
            _document[name] = JsonNode.Parse(element.GetRawText());
        }
    }

    /// <summary>A line of text, not for programs.</summary>
    public void WriteLine(string text, string? colour = null)
    {
        if (json)
        {
            return;
        }
        // A broker that is tried out must not write to the terminal as it likes.
        text = PrintableText.Sanitize(text, keepLines: true);
        if (IsTerminal && colour is not null)
        {
            AnsiConsole.MarkupLineInterpolated($"[{colour}]{text}[/]");
        }
        else
        {
            Console.WriteLine(text);
        }
    }

    /// <summary>Names and values, one a line; empty values are left out.</summary>
    public void WriteFields(params (string Name, string? Value)[] facts)
    {
        foreach ((var name, var value) in facts.Where(fact => !string.IsNullOrEmpty(fact.Value)))
        {
            WriteLine($"  {name, -14} {value}");
        }
    }

    /// <summary>JSON as it is read by people.</summary>
    public void WriteJson(JsonElement value) => WriteLine(JsonSerializer.Serialize(value, Readable));

    public void WriteTable(string[] headers, IReadOnlyList<string[]> rows)
    {
        if (json)
        {
            return;
        }
        rows = [.. rows.Select(row => row.Select(PrintableText.SanitizeCell).ToArray())];
        if (IsTerminal)
        {
            var table = new Table().AddColumns(headers);
            foreach (var row in rows)
            {
                table.AddRow(row.Select(cell => new Text(cell)));
            }
            AnsiConsole.Write(table);
            return;
        }

        string[][] all = [headers, .. rows];
        int[] widths = [.. headers.Select((_, column) => all.Max(row => row[column].Length))];
        foreach (var row in all)
        {
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>What became of a request that makes, changes or deletes.</summary>
    public void WriteOutcome(OperationResult result)
    {
        SetMember(
            "outcome",
            result.Outcome switch
            {
                AivenMetrics.StrictPlatform.Lifecycle.OperationOutcome.InProgress => "in progress",
                var ended => ended.ToString().ToLowerInvariant(),
            }
        );
        SetMember("description", result.Description);
        SetMember("mitigated", result.Mitigation);
        SetMember("left", result.MayBeOrphaned);
        SetMember("body", result.Body);
        if (result.Mitigation is { } mitigated)
        {
            WriteLine(mitigated, "yellow");
        }
        if (result.MayBeOrphaned)
        {
            WriteLine("The broker may hold something of it still: delete it with delete-service or unbind.", "yellow");
        }
    }

    /// <summary>Findings, each once, and what was asked; then the JSON document, if that is wanted.</summary>
    public void WriteFindings(IReadOnlyList<Finding> findings, IEnumerable<OsbResponse> answers)
    {
        SetMember(
            "findings",
            new JsonArray([
                .. findings.Select(finding => new JsonObject
                {
                    ["requirement"] = finding.Requirement.Id,
                    ["level"] = finding.Requirement.Level.ToString(),
                    ["rule"] = finding.Requirement.Text,
                    ["seen"] = finding.Observation,
                    ["where"] = finding.Location,
                }),
            ])
        );
        SetMember(
            "requests",
            new JsonArray([
                .. answers.Select(answer => new JsonObject
                {
                    ["request"] = answer.Call.ToString(),
                    ["status"] = answer.Status,
                    ["milliseconds"] = (long)answer.Duration.TotalMilliseconds,
                }),
            ])
        );
        WriteDocument();
        if (json || findings.Count == 0)
        {
            return;
        }
        WriteLine("");
        WriteLine($"{findings.Count} finding{(findings.Count == 1 ? "" : "s")} against the specification:", "red");
        WriteTable(
            ["requirement", "level", "seen", "where"],
            [
                .. findings.Select(finding =>
                    new[] { finding.Requirement.Id, finding.Requirement.Level.ToString(), finding.Observation, finding.Location }
                ),
            ]
        );
    }

    /// <summary>The JSON document, if that is wanted.</summary>
    public void WriteDocument()
    {
        if (json)
        {
            Console.WriteLine(_document.ToJsonString(Readable));
        }
    }
}
