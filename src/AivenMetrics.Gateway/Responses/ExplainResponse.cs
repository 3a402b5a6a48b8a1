using System.Text.Json;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Explains to a tenant how its credential changes a query. Only the data of other tenants is a secret.</summary>
internal static class ExplainResponse
{
    /// <summary>Writes the data of <c>/aivenmetrics/v1/explain</c>.</summary>
    public static void Write(UpstreamData data, GatewayRequest request, GatewayOptions options, Utf8JsonWriter to)
    {
        var credential = request.Credential;
        to.WriteStartObject();
        to.WriteString("username", credential.Username);
        to.WriteString("plan", credential.Plan);
        if (credential.NotAfter is { } end)
        {
            to.WriteString("not_after", end);
        }

        to.WriteString("scope", credential.ScopeSelector);
        if (request.Parameters.Expression is { } query && request.ParseExpression().Expression is { } expression)
        {
            to.WriteString("query", query);
            to.WriteString("scoped_query", ScopeRewriter.Rewrite(expression, credential.Scope));
            if (new RequestLimits(request.Account).CheckExpression(expression) is { } error)
            {
                to.WriteString("refused_because", error.Message);
            }
        }

        to.WriteStartObject("limits");
        to.WriteNumber("query_characters", PromQLParser.MaxLength);
        to.WriteNumber("query_selectors", PromQLParser.MaxSelectors);
        to.WriteNumber(LimitNames.RegexSize, RegexSize.Max);
        to.WriteNumber("body_bytes", RequestBody.MaxBytes);
        to.WriteNumber("answer_begins_within_seconds", options.UpstreamTimeout.TotalSeconds);
        request.Account.Limits.WriteTo(to);
        to.WriteEndObject();
        if (data.Data.ValueKind != JsonValueKind.Undefined)
        {
            ServicesFilter.WriteServices(data, to);
        }

        to.WriteEndObject();
    }
}
