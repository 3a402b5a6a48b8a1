using System.Globalization;
using Spectre.Console;

namespace AivenMetrics.Lab.Demo;

/// <summary>
/// Shows the credentials of a tenant, current values of its services, and that queries for series of another tenant return nothing.
/// </summary>
internal sealed class DemoReport(IAnsiConsole console, bool keep)
{
    /// <summary>Queries for each type of service; the first three with a result are shown.</summary>
    private static readonly (string Title, string Query)[] Values =
    [
        ("heap used", "max by (aiven_service_name) (elasticsearch_jvm_mem_heap_used_percent)"),
        ("shards", "max by (aiven_service_name) (elasticsearch_cluster_health_active_shards)"),
        ("connections", "sum by (aiven_service_name) (postgresql_pg_stat_database_numbackends)"),
        ("clients", "max by (aiven_service_name) (redis_clients)"),
        ("operations/s", "max by (aiven_service_name) (redis_instantaneous_ops_per_sec)"),
        ("partitions", "sum by (aiven_service_name) (kafka_server_ReplicaManager_PartitionCount_Value)"),
        ("consumer lag", "sum by (aiven_service_name) (kafka_consumer_group_rep_lag)"),
        ("threads", "max by (aiven_service_name) (mysql_threads_connected)"),
        ("cpu busy %", "100 - avg by (aiven_service_name) (cpu_usage_idle{cpu=\"cpu-total\"})"),
        ("memory used %", "avg by (aiven_service_name) (mem_used_percent)"),
        ("disk used %", "max by (aiven_service_name) (disk_used_percent)"),
    ];

    private const int ShownValues = 3;

    private static string DescribeResult(IReadOnlyList<QuerySample>? answer) =>
        answer switch
        {
            null => "NO RESPONSE",
            [] => "sees nothing",
            _ => "SEES SOMETHING",
        };

    public async Task WriteAsync(DemoTenant tenant, DemoTenant other, string prometheusUrl, CancellationToken cancellationToken)
    {
        console.WriteLine();
        console.Write(new Rule(tenant.Name).LeftJustified());
        console.Profile.Out.Writer.WriteLine($"credentials  url={tenant.Url}  username={tenant.Username}  password={tenant.Password}");
        using var gateway = new PrometheusClient(tenant.Url, tenant.Username, tenant.Password);
        console.Write(await CreateServiceTableAsync(gateway, cancellationToken));
        await ShowIsolationAsync(gateway, tenant, other, prometheusUrl, cancellationToken);
        console.WriteLine(keep ? "try it:" : "try it, after starting with --keep:");
        console.Profile.Out.Writer.WriteLine(
            $"  curl -sG -u '{tenant.Username}:{tenant.Password}' --data-urlencode 'query=count by (aiven_service_name, "
                + $"aiven_service_type) (up)' {tenant.Url.TrimEnd('/')}/api/v1/query"
        );
    }

    private static async Task<Table> CreateServiceTableAsync(PrometheusClient gateway, CancellationToken cancellationToken)
    {
        Dictionary<string, List<string>> values = [];
        foreach ((var title, var query) in Values)
        {
            foreach (var sample in await gateway.InstantQueryAsync(query, cancellationToken) ?? [])
            {
                var row = values.TryGetValue(sample.Labels["aiven_service_name"], out var known)
                    ? known
                    : values[sample.Labels["aiven_service_name"]] = [];
                row.Add(string.Create(CultureInfo.InvariantCulture, $"{title} {sample.Value:0.#}"));
            }
        }

        var table = new Table().AddColumns("service", "type", "nodes up", "live values");
        foreach (
            var service in await gateway.InstantQueryAsync(
                "sort_desc(sum by (aiven_service_name, aiven_service_type) (up))",
                cancellationToken
            ) ?? []
        )
        {
            var name = service.Labels["aiven_service_name"];
            table.AddRow(
                new Text(name),
                new Text(service.Labels["aiven_service_type"]),
                new Text(service.Value.ToString(CultureInfo.InvariantCulture)),
                new Text(string.Join(", ", values.GetValueOrDefault(name, []).Take(ShownValues)))
            );
        }

        return table;
    }

    private async Task ShowIsolationAsync(
        PrometheusClient gateway,
        DemoTenant tenant,
        DemoTenant other,
        string prometheusUrl,
        CancellationToken cancellationToken
    )
    {
        using var prometheus = new PrometheusClient(prometheusUrl);
        var foreign = $"count({{space_id=\"{other.SpaceId}\"}})";
        var stored = (await prometheus.InstantQueryAsync(foreign, cancellationToken) ?? []).Sum(sample => sample.Value);
        string[] attempts =
        [
            foreign,
            $"count({{__name__!=\"\",space_id!=\"{tenant.SpaceId}\"}})",
            $"topk(scalar({foreign} or vector(0)), up)",
        ];
        foreach (var query in attempts)
        {
            var openly = (await prometheus.InstantQueryAsync(query, cancellationToken) ?? []).Count;
            console.Profile.Out.Writer.WriteLine(
                $"{DescribeResult(await gateway.InstantQueryAsync(query, cancellationToken))}: {query}  (without the gateway: "
                    + $"{openly} results)"
            );
        }

        console.WriteLine($"(Prometheus itself holds {stored:0} series of {other.Name}.)");
    }
}
