using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AivenMetrics.Broker.State;
using AivenMetrics.Hosting.Terminal;
using Spectre.Console;

namespace AivenMetrics.Commands;

/// <summary>Writes entries of the audit trail as a table, as text or as JSON.</summary>
internal static class AuditReport
{
    private static readonly Column[] Columns =
    [
        new("time", Time),
        new("action", entry => entry.Action),
        new("result", Result),
        new("who", entry => DescribeActor(entry.Actor)),
        new("instance", entry => entry.InstanceId.Value),
        new("binding", entry => entry.BindingId?.Value ?? "-"),
        new("description", entry => entry.Description),
    ];

    /// <summary>
    /// Members of an originating identity that name the user, in order of preference: Kubernetes first, then Cloud Foundry (OSB profile.md,
    /// "Originating Identity Header").
    /// </summary>
    private static readonly string[] Names = ["username", "user_name", "user_id", "uid"];

    /// <summary>Returns the platform's end user with the platform, or the platform's user at the broker.</summary>
    public static string DescribeActor(Actor actor)
    {
        if (actor.Platform is null)
        {
            return actor.BrokerUser.Length == 0 ? "the broker" : $"{actor.BrokerUser} (no user named)";
        }

        var identity = Identity(actor);
        var name = Names
            .Select(key => identity?[key])
            .OfType<JsonValue>()
            .Select(value => value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString())
            .FirstOrDefault(value => value.Length > 0);
        return $"{name ?? "?"} ({actor.Platform})";
    }

    /// <summary>Writes a table as wide as the terminal.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="query">The query. Columns that the query filters by are omitted.</param>
    /// <param name="console">The console to write to.</param>
    public static void WriteTable(IReadOnlyList<AuditRecord> entries, AuditQuery query, IAnsiConsole console)
    {
        var columns = VisibleColumns(query);
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column.Heading) { NoWrap = column.Heading == "time" });
        }

        foreach (var entry in entries)
        {
            var result = new Style(
                entry.Result switch
                {
                    AuditResult.Succeeded => Color.Green,
                    AuditResult.Begun => Color.Blue,
                    _ => Color.Red,
                }
            );
            table.AddRow(columns.Select(column => new Text(column.Cell(entry), column.Heading == "result" ? result : Style.Plain)));
        }

        console.Write(table);
    }

    /// <summary>Writes aligned columns without escape sequences.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="query">The query. Columns that the query filters by are omitted.</param>
    /// <param name="writer">The writer to write to.</param>
    public static void WriteText(IReadOnlyList<AuditRecord> entries, AuditQuery query, TextWriter writer)
    {
        var columns = VisibleColumns(query);
        string[][] rows =
        [
            [.. columns.Select(column => column.Heading)],
            .. entries.Select(entry => columns.Select(column => column.Cell(entry)).ToArray()),
        ];
        int[] widths = [.. columns.Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (var row in rows)
        {
            writer.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    /// <summary>Writes one JSON object per line; members without a value are omitted.</summary>
    public static void WriteJson(IReadOnlyList<AuditRecord> entries, TextWriter writer)
    {
        foreach (var entry in entries)
        {
            var line = new JsonObject
            {
                ["at"] = Time(entry),
                ["action"] = entry.Action,
                ["instance_id"] = entry.InstanceId.Value,
            };
            AddMember(line, "binding_id", entry.BindingId?.Value);
            line["who"] = DescribeActor(entry.Actor);
            line["broker_user"] = entry.Actor.BrokerUser;
            AddMember(line, "platform", entry.Actor.Platform);
            AddMember(line, "identity", Identity(entry.Actor));
            AddMember(line, "request_identity", entry.Actor.RequestIdentity);
            line["result"] = Result(entry);
            line["description"] = entry.Description;
            writer.WriteLine(line.ToJsonString());
        }
    }

    private static void AddMember(JsonObject line, string name, JsonNode? value)
    {
        if (value is not null)
        {
            line[name] = value;
        }
    }

    // An older broker accepted identities with duplicate members. Parsing keeps the last one instead of failing.
    private static JsonObject? Identity(Actor actor)
    {
        if (actor.Identity is null)
        {
            return null;
        }

        using var document = JsonDocument.Parse(actor.Identity);
        var identity = new JsonObject();
        foreach (var member in document.RootElement.EnumerateObject())
        {
            identity[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }

        return identity;
    }

    private static Column[] VisibleColumns(AuditQuery query) =>
        [
            .. Columns.Where(column =>
                column.Heading switch
                {
                    "instance" => query.Instance is null,
                    "binding" => query.Binding is null,
                    _ => true,
                }
            ),
        ];

    private static string Time(AuditRecord entry) =>
        entry.At.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static string Result(AuditRecord entry) =>
        entry.Result switch
        {
            AuditResult.Begun => "begun",
            AuditResult.Succeeded => "succeeded",
            AuditResult.Failed => "failed",
            _ => "refused",
        };

    private sealed record Column(string Heading, Func<AuditRecord, string> Text)
    {
        public string Cell(AuditRecord entry) => PrintableText.SanitizeCell(Text(entry));
    }
}
