namespace AivenMetrics.Gateway.Routing;

/// <summary>The description of a route in the API documentation.</summary>
/// <param name="Summary">The purpose, in one sentence.</param>
/// <param name="Description">The effect of the credential's scope, and the differences from Prometheus.</param>
/// <param name="Data">The <c>data</c> of an example response as JSON; the response itself for text; null for a binary response.</param>
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

    private static readonly Dictionary<Route, RouteDocumentation> ByRoute = new(ReferenceEqualityComparer.Instance)
    {
        [RouteTable.InstantQuery] = new(
            "Evaluates an expression at one time.",
            "The gateway adds the credential's scope to every selector, so that the result contains only the tenant's own series.",
            $$"""{"resultType":"vector","result":[{"metric":{{Up}},"value":[1795435200,"1"]}]}"""
        ),
        [RouteTable.RangeQuery] = new(
            "Evaluates an expression over a time range.",
            "Scoped as an instant query. The plan limits the time range and the number of points.",
            $$"""{"resultType":"matrix","result":[{"metric":{{Up}},"values":[[1795435200,"1"],[1795435260,"1"]]}]}"""
        ),
        [RouteTable.Exemplars] = new(
            "Returns the exemplars of the series in an expression.",
            "Scoped as an instant query. VictoriaMetrics has no exemplars: the list is empty.",
            $$"""[{"seriesLabels":{{Up}},"exemplars":[{"labels":{"trace_id":"4bf92f35"},"value":"0.2","timestamp":1795435200.1}]}]"""
        ),
        [RouteTable.FormatQuery] = new(
            "Formats an expression.",
            "Returns the tenant's expression without the scope. The response contains no data.",
            "\"sum by (job) (up)\""
        ),
        [RouteTable.ParseQuery] = new(
            "Returns the syntax tree of an expression. Requires Prometheus 3.0 or later.",
            "Returns the tenant's expression without the scope. The response contains no data. Older servers return 404.",
            """{"type":"vectorSelector","name":"up","matchers":[{"name":"__name__","type":"=","value":"up"}],"offset":0,"startOrEnd":null,"timestamp":null}"""
        ),
        [RouteTable.Series] = new(
            "Returns the series that match the selectors.",
            "The gateway adds the credential's scope to every selector. The plan limits the number of series.",
            $"[{Up}]"
        ),
        [RouteTable.Labels] = new(
            "Returns label names.",
            "Returns the label names of the tenant's own series; selectors narrow them further.",
            """["__name__","aiven_service_name","instance"]"""
        ),
        [RouteTable.LabelValues] = new(
            "Returns the values of a label.",
            "Returns the values in the tenant's own series; selectors narrow them further.",
            """["os-1"]"""
        ),
        [RouteTable.RemoteRead] = new(
            "Remote read: snappy-compressed protobuf in both directions, as Prometheus sends it.",
            "The gateway adds the scope to the matchers of every query. It supports samples and streamed chunks. "
                + "VictoriaMetrics does not support remote read.",
            null
        ),
        [RouteTable.Federation] = new(
            "Returns the newest samples of the series that match, in the text formats of metrics.",
            "The gateway adds the credential's scope to every selector. Without a selector the response is empty. The plan "
                + "limits the number of series.",
            "# TYPE up untyped\nup{aiven_service_name=\"os-1\",instance=\"203.0.113.7:9273\"} 1 1795435200000\n"
        ),
        [RouteTable.Metadata] = new(
            "Returns types and help texts by metric.",
            "Returns the metadata of the tenant's own targets. VictoriaMetrics has no metadata: the response is empty.",
            """{"cpu_usage_idle":[{"type":"gauge","help":"Telegraf collected metric","unit":""}]}"""
        ),
        [RouteTable.Targets] = new(
            "Returns the tenant's targets and their scrape state.",
            "Returns the targets whose labels are in scope, without addresses and labels that are internal to the operator.",
            $$"""{"activeTargets":[{"discoveredLabels":{},"labels":{{Up}},"scrapePool":"os-1","health":"up","lastError":""}],"droppedTargets":[]}"""
        ),
        [RouteTable.TargetMetadata] = new(
            "Returns types and help texts by target.",
            "Returns the metadata of targets whose labels are in scope. VictoriaMetrics has no metadata: the list is empty.",
            $$"""[{"target":{{Up}},"metric":"cpu_usage_idle","type":"gauge","help":"Telegraf collected metric","unit":""}]"""
        ),
        [RouteTable.Rules] = new(
            "Returns the rules whose own labels are in scope.",
            "Groups without such a rule are omitted.",
            """{"groups":[]}"""
        ),
        [RouteTable.Alerts] = new("Returns the alerts whose labels are in scope.", "All other alerts are omitted.", """{"alerts":[]}"""),
        [RouteTable.Alertmanagers] = new(
            "Returns an empty list.",
            "The Alertmanagers belong to the operator.",
            """{"activeAlertmanagers":[],"droppedAlertmanagers":[]}"""
        ),
        [RouteTable.BuildInfo] = new(
            "Returns the version of the query language.",
            "Returns the lowest version of the servers behind the gateway, so that clients use only features that every server has.",
            """{"version":"2.42.0","revision":"aiven-metrics","branch":"aiven-metrics","buildUser":"","buildDate":"","goVersion":""}"""
        ),
        [RouteTable.Flags] = new(
            "Returns the server flags that limit queries.",
            "All other flags are internal to the operator.",
            """{"query.lookback-delta":"5m","query.max-samples":"50000000","query.timeout":"2m"}"""
        ),
        [RouteTable.RuntimeInfo] = new(
            "Returns the retention time of samples.",
            "Also returns the start time of the gateway. All other information is internal to the operator.",
            """{"startTime":"2026-11-23T12:00:00Z","reloadConfigSuccess":true,"lastConfigTime":"2026-11-23T12:00:00Z","corruptionCount":0,"storageRetention":"15d"}"""
        ),
        [RouteTable.Features] = new(
            "Returns the features of the servers. Requires Prometheus 3.9 or later.",
            "Features for writing and administration are omitted. Older servers return 404.",
            """{"promql":{"anchored":false}}"""
        ),
        [RouteTable.Explain] = new(
            "Explains how the gateway changes an expression, with the scope, limits and services of the credential.",
            "The expression is optional. It is not evaluated: only the list of services queries the server.",
            $$"""
            {"username":"b-4f1c","plan":"standard","scope":"{space_id=\"5b8e\"}","query":"sum(up)","scoped_query":"sum(up{space_id=\"5b8e\"})",
            "limits":{"query_characters":65536,"query_selectors":1000,"regex_size":100000,"body_bytes":1048576,"answer_begins_within_seconds":150,{{Limits}}},
            "services":{{Services}}}
            """
        ),
        [RouteTable.Services] = new(
            "Returns the services in the scope of the credential, and whether their samples arrive.",
            "One entry per service, with its nodes.",
            $$"""{"services":{{Services}}}"""
        ),
        [RouteTable.TenantLimits] = new(
            "Returns the limits of the credential's plan and their present use.",
            "The limits apply to all credentials of a space together, on each gateway. Responses contain a warning from 80 "
                + "% of a limit on.",
            $$"""{"plan":"standard","limits":{ {{Limits}} },"in_use":{"concurrent_queries":1,"queued_queries":0,"request_burst":3} }"""
        ),
        [RouteTable.Healthy] = new("Reports that the gateway runs.", "Needs no credential.", "Healthy.\n"),
        [RouteTable.Ready] = new(
            "Reports whether credentials are loaded and a server is usable.",
            "Needs no credential. Returns 503 and \"Not ready.\" otherwise.",
            "Ready.\n"
        ),
    };

    /// <summary>Returns the description of a route.</summary>
    /// <exception cref="KeyNotFoundException">The route has no description.</exception>
    internal static RouteDocumentation Get(Route route) => ByRoute[route];
}
