namespace AivenMetrics.Gateway.Routing;

/// <summary>What a description of the API says of a path.</summary>
/// <param name="Summary">What it is for, one sentence.</param>
/// <param name="Description">What the credential's scope does to it, and what differs from Prometheus' own.</param>
/// <param name="Data">The <c>data</c> of an answer as JSON; for text the answer itself; nothing where an answer is binary.</param>
public sealed record RouteDocumentation(string Summary, string Description, string? Data)
{
    private const string Up = """{"__name__":"up","aiven_service_name":"os-1","aiven_project":"acme-prod","instance":"203.0.113.7:9273"}""";

    private const string Services = """
        [{"name":"os-1","type":"opensearch","plan":"business-4","cloud":"aws-eu-west-1","project":"acme-prod",
        "service_instance_id":"7d1b4d0e-7e0f-4a58-9f66-3d7c2f0e8a11","samples_arrive":true,
        "nodes":[{"instance":"203.0.113.7:9273","up":true}]}]
        """;

    private const string Limits = """
        "concurrent_queries":10,"queued_queries":50,"queue_seconds":10,"requests_per_second":50,"request_burst":100,
        "query_range_seconds":8035200,"query_points":11000,"subquery_points":250000,"query_timeout_seconds":60,
        "response_bytes":268435456,"series":50000
        """;

    /// <summary>Of every route.</summary>
    public static IReadOnlyDictionary<string, RouteDocumentation> ByPath { get; } =
        new Dictionary<string, RouteDocumentation>(StringComparer.Ordinal)
        {
            ["/api/v1/query"] = new(
                "Evaluates an expression at one time.",
                "Every selector of the expression gets the credential's scope, so that it finds the tenant's own series and no others.",
                $$"""{"resultType":"vector","result":[{"metric":{{Up}},"value":[1795435200,"1"]}]}"""
            ),
            ["/api/v1/query_range"] = new(
                "Evaluates an expression over a range of time.",
                "Scoped as an instant query. The plan bounds the range and the number of points.",
                $$"""{"resultType":"matrix","result":[{"metric":{{Up}},"values":[[1795435200,"1"],[1795435260,"1"]]}]}"""
            ),
            ["/api/v1/query_exemplars"] = new(
                "The exemplars of the series in an expression.",
                "Scoped as an instant query. VictoriaMetrics has none: the list is empty.",
                $$"""[{"seriesLabels":{{Up}},"exemplars":[{"labels":{"trace_id":"4bf92f35"},"value":"0.2","timestamp":1795435200.1}]}]"""
            ),
            ["/api/v1/format_query"] = new(
                "Formats an expression.",
                "As the tenant wrote it, without the scope: it holds no data.",
                "\"sum by (job) (up)\""
            ),
            ["/api/v1/parse_query"] = new(
                "The syntax tree of an expression; Prometheus 3.0 or newer.",
                "As the tenant wrote it, without the scope: it holds no data. Older servers do not have it.",
                """{"type":"vectorSelector","name":"up","matchers":[{"name":"__name__","type":"=","value":"up"}],"offset":0,"startOrEnd":null,"timestamp":null}"""
            ),
            ["/api/v1/series"] = new(
                "The series that match.",
                "Every selector gets the credential's scope. The plan bounds the number of series.",
                $"[{Up}]"
            ),
            ["/api/v1/labels"] = new(
                "The names of labels.",
                "Those of the tenant's own series; selectors narrow them further.",
                """["__name__","aiven_service_name","instance"]"""
            ),
            [RouteTable.LabelValuesPath] = new(
                "The values of a label.",
                "Those in the tenant's own series; selectors narrow them further.",
                """["os-1"]"""
            ),
            ["/api/v1/read"] = new(
                "Remote read: snappy protobuf both ways, as a Prometheus sends it.",
                "The scope is added to the matchers of every query. Samples and streamed chunks are both served. VictoriaMetrics does not have it.",
                null
            ),
            ["/federate"] = new(
                "The newest samples of the series that match, in the text formats of metrics.",
                "Every selector gets the credential's scope; without a selector the answer is empty. The plan bounds the number of series.",
                "# TYPE up untyped\nup{aiven_service_name=\"os-1\",instance=\"203.0.113.7:9273\"} 1 1795435200000\n"
            ),
            ["/api/v1/metadata"] = new(
                "Types and help texts, by metric.",
                "Those of the tenant's own targets. VictoriaMetrics has none: the answer is empty.",
                """{"cpu_usage_idle":[{"type":"gauge","help":"Telegraf collected metric","unit":""}]}"""
            ),
            ["/api/v1/targets"] = new(
                "The tenant's targets, and whether they can be scraped.",
                "Those whose labels are in scope, without addresses and labels that the operator keeps to itself.",
                $$"""{"activeTargets":[{"discoveredLabels":{},"labels":{{Up}},"scrapePool":"os-1","health":"up","lastError":""}],"droppedTargets":[]}"""
            ),
            ["/api/v1/targets/metadata"] = new(
                "Types and help texts, by target.",
                "Those of targets whose labels are in scope. VictoriaMetrics has none: the list is empty.",
                $$"""[{"target":{{Up}},"metric":"cpu_usage_idle","type":"gauge","help":"Telegraf collected metric","unit":""}]"""
            ),
            ["/api/v1/rules"] = new(
                "Rules whose own labels are in scope.",
                "Groups without such a rule are left out.",
                """{"groups":[]}"""
            ),
            ["/api/v1/alerts"] = new("Alerts whose labels are in scope.", "Those of all others are left out.", """{"alerts":[]}"""),
            ["/api/v1/alertmanagers"] = new(
                "None: those of the operator are not for tenants.",
                "Always empty.",
                """{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"""
            ),
            ["/api/v1/status/buildinfo"] = new(
                "The version of the query language.",
                "The lowest version of the servers behind the gateway, so that clients ask for what all of them have.",
                """{"version":"2.42.0","revision":"aiven-metrics","branch":"aiven-metrics","buildUser":"","buildDate":"","goVersion":""}"""
            ),
            ["/api/v1/status/flags"] = new(
                "What a query may ask of the servers.",
                "The few flags that tell a tenant that; all others are the operator's.",
                """{"query.lookback-delta":"5m","query.max-samples":"50000000","query.timeout":"2m"}"""
            ),
            ["/api/v1/status/runtimeinfo"] = new(
                "How long samples are kept.",
                "That, and since when the gateway runs; everything else is the operator's.",
                """{"startTime":"2026-11-23T12:00:00Z","reloadConfigSuccess":true,"lastConfigTime":"2026-11-23T12:00:00Z","corruptionCount":0,"storageRetention":"15d"}"""
            ),
            ["/api/v1/features"] = new(
                "The servers' features; Prometheus 3.9 or newer.",
                "Without those of writing and administration. Older servers do not have it.",
                """{"promql":{"anchored":false}}"""
            ),
            ["/aivenmetrics/v1/explain"] = new(
                "What becomes of an expression, and the scope, the limits and the services of the credential.",
                "Without an expression it tells the rest. Nothing is evaluated but which services send samples.",
                $$"""
                {"username":"b-4f1c","plan":"standard","scope":"{space_id=\"5b8e\"}","query":"sum(up)","scoped_query":"sum(up{space_id=\"5b8e\"})",
                "limits":{"query_characters":65536,"query_selectors":1000,"regex_size":100000,"body_bytes":1048576,"answer_begins_within_seconds":150,{{Limits}}},
                "services":{{Services}}}
                """
            ),
            ["/aivenmetrics/v1/services"] = new(
                "The services that the credential shows, and whether their samples arrive.",
                "One entry for each service, with its nodes.",
                $$"""{"services":{{Services}}}"""
            ),
            ["/aivenmetrics/v1/limits"] = new(
                "The limits of the credential's plan, and what is used of them.",
                "They hold for all credentials of a space together, on each gateway. An entry warns in the answers' warnings at 80 %.",
                $$"""{"plan":"standard","limits":{ {{Limits}} },"in_use":{"concurrent_queries":1,"queued_queries":0,"request_burst":3} }"""
            ),
            ["/-/healthy"] = new("The gateway runs.", "Needs no credential.", "Healthy.\n"),
            ["/-/ready"] = new(
                "Tenants are known and a server is usable.",
                "Needs no credential. 503 while it is not so, and then it says Not ready.",
                "Ready.\n"
            ),
        };
}
