using System.Globalization;
using System.Text;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// A data source file for Grafana's provisioning folder, as Grafana's documentation on provisioning describes it. Grafana
/// replaces $NAME in such files by environment variables, so a dollar sign is written twice.
/// </summary>
internal static class GrafanaDatasource
{
    public static string Yaml(string name, string url, string username, string password, string? prometheusVersion)
    {
        var version = prometheusVersion is null ? "" : $"\n      prometheusVersion: {Quote(prometheusVersion)}";
        return $"""
            apiVersion: 1
            datasources:
              - name: {Quote(name)}
                type: prometheus
                access: proxy
                url: {Quote(url)}
                basicAuth: true
                basicAuthUser: {Quote(username)}
                jsonData:
                  httpMethod: POST
                  prometheusType: Prometheus{version}
                secureJsonData:
                  basicAuthPassword: {Quote(password)}

            """;
    }

    /// <summary>A double-quoted YAML scalar: one line, whatever the text holds.</summary>
    private static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (var c in text)
        {
            quoted.Append(
                c switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '$' => "$$",
                    '\n' => "\\n",
                    '\t' => "\\t",
                    // Controls, and the separators that YAML takes for line breaks.
                    < ' ' or (>= '\x7f' and <= '\x9f') or '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff' =>
                        $"\\u{((int)c).ToString("x4", CultureInfo.InvariantCulture)}",
                    _ => c.ToString(),
                }
            );
        }

        return quoted.Append('"').ToString();
    }
}
