using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Filtering;

/// <summary>The services that a credential shows, from the series <c>up</c> of their nodes.</summary>
internal static class ServicesFilter
{
    /// <summary>What is told of a service, and the label that says it.</summary>
    private static readonly (string Member, string Label)[] Told =
    [
        ("name", "aiven_service_name"), ("type", "aiven_service_type"), ("plan", "aiven_plan"), ("cloud", "aiven_cloud"),
        ("project", "aiven_project"), ("service_instance_id", "service_instance_id"), ("service_instance_name", "service_instance_name"),
    ];

    /// <summary>Asks for the nodes of the scope.</summary>
    /// <param name="expression">An expression that must be one, if any.</param>
    /// <param name="credential">Whose scope.</param>
    /// <param name="engine">Who is asked.</param>
    public static (UpstreamRequest? Request, Refusal? Refusal) Ask(string? expression, Credential credential, QueryEngine engine)
    {
        try
        {
            if (expression is not null)
                _ = PromQLParser.Parse(expression);
        }
        catch (PromQLParseException e)
        {
            return (null, Refusal.BadData($"invalid parameter \"query\": {e.Message}"));
        }

        var form = new FormWriter();
        form.Add("query", Printer.Print(Scope.Apply(new VectorSelector("up", []), credential.Scope)));
        ScopedRequest.AddSecondBelt(form, credential, engine);
        return (UpstreamRequest.Post("/api/v1/query", form.Written, wholeUpTo: FilteredAnswers.LengthMax), null);
    }

    /// <summary>Writes the data of <c>/aivenmetrics/v1/services</c>.</summary>
    public static void Write(FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        WriteServices(input, to);
        to.WriteEndObject();
    }

    /// <summary>Writes the member <c>services</c>, sorted by name.</summary>
    public static void WriteServices(FilterInput input, Utf8JsonWriter to)
    {
        to.WriteStartArray("services");
        var services = input.List("result")
            .GroupBy(node => (Name: Label(node, "aiven_service_name"), Project: Label(node, "aiven_project"), Id: Label(node, "service_instance_id")))
            .OrderBy(service => service.Key.Name, StringComparer.Ordinal).ThenBy(service => service.Key.Project, StringComparer.Ordinal);
        foreach (var service in services)
        {
            to.WriteStartObject();
            foreach (var (member, label) in Told)
                if (Label(service.First(), label) is { Length: > 0 } value)
                    to.WriteString(member, value);
            to.WriteBoolean("samples_arrive", service.Any(IsUp));
            to.WriteStartArray("nodes");
            foreach (var node in service.OrderBy(node => Label(node, "instance"), StringComparer.Ordinal))
            {
                to.WriteStartObject();
                to.WriteString("instance", Label(node, "instance"));
                to.WriteBoolean("up", IsUp(node));
                to.WriteEndObject();
            }

            to.WriteEndArray();
            to.WriteEndObject();
        }

        to.WriteEndArray();
    }

    private static string Label(JsonElement node, string name) => FilterInput.Text(FilterInput.Member(node, "metric"), name);

    private static bool IsUp(JsonElement node) =>
        FilterInput.ListOf(node, "value").ElementAtOrDefault(1) is { ValueKind: JsonValueKind.String } value && value.GetString() == "1";
}
