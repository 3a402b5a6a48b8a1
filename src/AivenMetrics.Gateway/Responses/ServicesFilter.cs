using System.Text.Json;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.PrometheusApi;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.Gateway.Routing;
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Lists the services in the scope of a credential, from the series <c>up</c> of their nodes.</summary>
internal static class ServicesFilter
{
    /// <summary>The members of a service, and the labels with their values.</summary>
    private static readonly (string Member, string Label)[] ServiceMembers =
    [
        ("name", "aiven_service_name"),
        ("type", "aiven_service_type"),
        ("plan", "aiven_plan"),
        ("cloud", "aiven_cloud"),
        ("project", "aiven_project"),
        ("service_instance_id", "service_instance_id"),
        ("service_instance_name", "service_instance_name"),
    ];

    /// <summary>Creates the query for the nodes in scope.</summary>
    /// <returns>The request, or the error of an invalid expression in the client's request.</returns>
    public static (UpstreamRequest? Request, GatewayError? Error) CreateRequest(GatewayRequest request, QueryEngine engine)
    {
        if (request.Parameters.Expression is not null && request.ParseExpression().Error is { } error)
        {
            return (null, error);
        }

        var form = new FormWriter();
        form.Add("query", Printer.Print(ScopeRewriter.Apply(new VectorSelector("up", []), request.Credential.Scope)));
        ScopedRequestFactory.AddExtraFilters(form, request.Credential, engine);
        return (UpstreamRequest.Post(RouteTable.InstantQuery, form.WrittenMemory, maxBufferedBytes: ResponseFilter.MaxResponseBytes), null);
    }

    /// <summary>Writes the data of <c>/aivenmetrics/v1/services</c>.</summary>
    public static void Write(UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        WriteServices(input, to);
        to.WriteEndObject();
    }

    /// <summary>Writes the member <c>services</c>, sorted by name.</summary>
    public static void WriteServices(UpstreamData input, Utf8JsonWriter to)
    {
        to.WriteStartArray("services");
        var services = input
            .GetDataList("result")
            .GroupBy(node =>
                (
                    Name: GetLabel(node, "aiven_service_name"),
                    Project: GetLabel(node, "aiven_project"),
                    Id: GetLabel(node, "service_instance_id")
                )
            )
            .OrderBy(service => service.Key.Name, StringComparer.Ordinal)
            .ThenBy(service => service.Key.Project, StringComparer.Ordinal);
        foreach (var service in services)
        {
            to.WriteStartObject();
            foreach (var (member, label) in ServiceMembers)
            {
                if (GetLabel(service.First(), label) is { Length: > 0 } value)
                {
                    to.WriteString(member, value);
                }
            }
            to.WriteBoolean("samples_arrive", service.Any(IsUp));
            to.WriteStartArray("nodes");
            foreach (var node in service.OrderBy(node => GetLabel(node, "instance"), StringComparer.Ordinal))
            {
                to.WriteStartObject();
                to.WriteString("instance", GetLabel(node, "instance"));
                to.WriteBoolean("up", IsUp(node));
                to.WriteEndObject();
            }

            to.WriteEndArray();
            to.WriteEndObject();
        }

        to.WriteEndArray();
    }

    private static string GetLabel(JsonElement node, string name) => UpstreamData.GetText(UpstreamData.GetMember(node, "metric"), name);

    private static bool IsUp(JsonElement node) =>
        UpstreamData.GetList(node, "value").ElementAtOrDefault(1) is { ValueKind: JsonValueKind.String } value && value.GetString() == "1";
}
