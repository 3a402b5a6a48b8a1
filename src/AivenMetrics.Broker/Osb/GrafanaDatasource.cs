using System.Globalization;
using System.Text;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Provisioning file for a Grafana data source (Grafana documentation, "Provision Grafana"). Grafana replaces $NAME with environment
/// variables, so dollar signs are doubled.
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

    /// <summary>Returns a double-quoted YAML scalar on a single line.</summary>
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
                    // Control characters, and the separators that YAML treats as line breaks.
                    < ' ' or (>= '\x7f' and <= '\x9f') or '\u2028' or '\u2029' or '\ufeff' or '\ufffe' or '\uffff' =>
                        $"\\u{((int)c).ToString("x4", CultureInfo.InvariantCulture)}",
                    _ => c.ToString(),
                }
            );
        }

        return quoted.Append('"').ToString();
    }
}
