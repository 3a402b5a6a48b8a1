using System.Text.Json;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Requests;
using AivenMetrics.PromQL;

namespace AivenMetrics.Gateway.Responses;

/// <summary>Tells a tenant what its credential does to a query: nothing of the gateway is a secret but other tenants' data.</summary>
internal static class ExplainResponse
{
    /// <summary>Writes the data of <c>/aivenmetrics/v1/explain</c>.</summary>
    public static void Write(UpstreamData input, Credential credential, GatewayOptions options, TenantAccount account, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteString("username", credential.Username);
        to.WriteString("plan", credential.Plan);
        if (credential.NotAfter is { } end)
        {
            to.WriteString("not_after", end);
        }
        to.WriteString("scope", credential.ScopeSelector);
        if (input.Parameters.Expression is { } query)
        {
            to.WriteString("query", query);
            var expr = PromQLParser.Parse(query);
            to.WriteString("scoped_query", ScopeRewriter.Rewrite(expr, credential.Scope));
            if (new RequestLimits(account).Check(expr) is { } refusal)
            {
                to.WriteString("refused_because", refusal.Message);
            }
        }

        to.WriteStartObject("limits");
        to.WriteNumber("query_characters", PromQLParser.MaxLength);
        to.WriteNumber("query_selectors", PromQLParser.MaxSelectors);
        to.WriteNumber(LimitNames.RegexSize, RegexSize.Max);
        to.WriteNumber("body_bytes", RequestParameters.MaxBodyBytes);
        to.WriteNumber("answer_begins_within_seconds", options.UpstreamTimeout.TotalSeconds);
        account.Limits.WriteTo(to);
        to.WriteEndObject();
        if (input.Data.ValueKind != JsonValueKind.Undefined)
        {
            ServicesFilter.WriteServices(input, to);
        }
        to.WriteEndObject();
    }
}
