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

    private readonly JsonObject document = [];

    private static bool OnTerminal => !Console.IsOutputRedirected;

    /// <summary>A member of the JSON document.</summary>
    public void Set(string name, JsonNode? value) => document[name] = value;

    public void Set(string name, JsonElement? value)
    {
        if (value is { } element)
            document[name] = JsonNode.Parse(element.GetRawText());
    }

    /// <summary>A line of text, not for programs.</summary>
    public void Line(string text, string? colour = null)
    {
        if (json)
            return;
        // A broker that is tried out must not write to the terminal as it likes.
        text = Printable.Of(text, keepLines: true);
        if (OnTerminal && colour is not null)
            AnsiConsole.MarkupLineInterpolated($"[{colour}]{text}[/]");
        else
            Console.WriteLine(text);
    }

    /// <summary>Names and values, one a line; empty values are left out.</summary>
    public void Facts(params (string Name, string? Value)[] facts)
    {
        foreach ((string name, string? value) in facts.Where(fact => !string.IsNullOrEmpty(fact.Value)))
            Line($"  {name,-14} {value}");
    }

    /// <summary>JSON as it is read by people.</summary>
    public void Json(JsonElement value) => Line(JsonSerializer.Serialize(value, Readable));

    public void Table(string[] headers, IReadOnlyList<string[]> rows)
    {
        if (json)
            return;
        rows = [.. rows.Select(row => row.Select(Printable.Cell).ToArray())];
        if (OnTerminal)
        {
            var table = new Table().AddColumns(headers);
            foreach (string[] row in rows)
                table.AddRow(row.Select(cell => new Text(cell)));
            AnsiConsole.Write(table);
            return;
        }

        string[][] all = [headers, .. rows];
        int[] widths = [.. headers.Select((_, column) => all.Max(row => row[column].Length))];
        foreach (string[] row in all)
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>What became of a request that makes, changes or deletes.</summary>
    public void Outcome(Result result)
    {
        Set("outcome", result.Outcome switch { AivenMetrics.StrictPlatform.Lifecycle.Outcome.InProgress => "in progress", var ended => ended.ToString().ToLowerInvariant() });
        Set("description", result.Description);
        Set("mitigated", result.Mitigated);
        Set("left", result.Left);
        Set("body", result.Body);
        if (result.Mitigated is { } mitigated)
            Line(mitigated, "yellow");
        if (result.Left)
            Line("The broker may hold something of it still: delete it with delete-service or unbind.", "yellow");
    }

    /// <summary>Findings, each once, and what was asked; then the JSON document, if that is wanted.</summary>
    public void End(IReadOnlyList<Finding> findings, IEnumerable<Answer> answers)
    {
        Set("findings", new JsonArray([.. findings.Select(finding => new JsonObject
        {
            ["requirement"] = finding.Requirement.Id,
            ["level"] = finding.Requirement.Level.ToString(),
            ["rule"] = finding.Requirement.Text,
            ["seen"] = finding.Seen,
            ["where"] = finding.Where,
        })]));
        Set("requests", new JsonArray([.. answers.Select(answer => new JsonObject
        {
            ["request"] = answer.Ask.ToString(), ["status"] = answer.Status, ["milliseconds"] = (long)answer.Took.TotalMilliseconds,
        })]));
        Print();
        if (json || findings.Count == 0)
            return;
        Line("");
        Line($"{findings.Count} finding{(findings.Count == 1 ? "" : "s")} against the specification:", "red");
        Table(["requirement", "level", "seen", "where"], [.. findings.Select(finding => new[] { finding.Requirement.Id, finding.Requirement.Level.ToString(), finding.Seen, finding.Where })]);
    }

    /// <summary>The JSON document, if that is wanted.</summary>
    public void Print()
    {
        if (json)
            Console.WriteLine(document.ToJsonString(Readable));
    }
}
