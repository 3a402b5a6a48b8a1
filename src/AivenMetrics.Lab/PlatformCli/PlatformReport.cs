using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Terminal;
using AivenMetrics.StrictPlatform.Lifecycle;
using AivenMetrics.StrictPlatform.Protocol;
using Spectre.Console;

namespace AivenMetrics.Lab.PlatformCli;

/// <summary>Writes results: tables and colours on a terminal, plain text otherwise, or one JSON document.</summary>
internal sealed class PlatformReport(bool json)
{
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly JsonObject _document = [];

    private static bool IsTerminal => !Console.IsOutputRedirected;

    /// <summary>Sets a member of the JSON document.</summary>
    public void SetMember(string name, JsonNode? value) => _document[name] = value;

    public void SetMember(string name, JsonElement? value)
    {
        if (value is { } element)
        {
            _document[name] = JsonNode.Parse(element.GetRawText());
        }
    }

    /// <summary>Writes a line of text, unless JSON is written.</summary>
    public void WriteLine(string text, string? colour = null)
    {
        if (json)
        {
            return;
        }
        // The text of a broker is untrusted: it must not contain control characters.
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

    /// <summary>Writes names and values, one per line, without empty values.</summary>
    public void WriteFields(params (string Name, string? Value)[] facts)
    {
        foreach ((var name, var value) in facts.Where(fact => !string.IsNullOrEmpty(fact.Value)))
        {
            WriteLine($"  {name.PadRight(14)} {value}");
        }
    }

    /// <summary>Writes indented JSON.</summary>
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

    /// <summary>Writes the outcome of a request that creates, updates or deletes.</summary>
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
            WriteLine("The broker may still have the resource: delete it with delete-service or unbind.", "yellow");
        }
    }

    /// <summary>Writes all findings and requests, and the JSON document if it was requested.</summary>
    public void WriteFindings(IReadOnlyList<Finding> findings, IEnumerable<OsbResponse> responses)
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
                .. responses.Select(response => new JsonObject
                {
                    ["request"] = response.Call.ToString(),
                    ["status"] = response.Status,
                    ["milliseconds"] = (long)response.Duration.TotalMilliseconds,
                }),
            ])
        );
        WriteDocument();
        if (json || findings.Count == 0)
        {
            return;
        }
        WriteLine("");
        WriteLine($"{findings.Count} violation{(findings.Count == 1 ? "" : "s")} of the specification:", "red");
        WriteTable(
            ["requirement", "level", "seen", "where"],
            [
                .. findings.Select(finding =>
                    new[] { finding.Requirement.Id, finding.Requirement.Level.ToString(), finding.Observation, finding.Location }
                ),
            ]
        );
    }

    /// <summary>Writes the JSON document if it was requested.</summary>
    public void WriteDocument()
    {
        if (json)
        {
            Console.WriteLine(_document.ToJsonString(Readable));
        }
    }
}
