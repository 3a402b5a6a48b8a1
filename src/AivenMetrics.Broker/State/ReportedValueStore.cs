namespace AivenMetrics.Broker.State;

/// <summary>Stores values that processes report to each other, in the table <c>fact</c>. The newest report replaces earlier ones.</summary>
public sealed class ReportedValueStore(Database database)
{
    /// <summary>Name of the value that gateways report: the version of their Prometheus, for example <c>2.42.0</c>.</summary>
    public const string PrometheusVersion = "prometheus_version";

    /// <summary>Stores a value and replaces the previous one.</summary>
    public Task ReportAsync(string name, string value, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            """
            INSERT INTO fact (name, value, reported_at) VALUES (@name, @value, @at)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value, reported_at = excluded.reported_at
            """,
            new
            {
                name,
                value,
                at = at.ToUnixMilliseconds(),
            },
            cancellationToken
        );

    /// <summary>Returns a value; null if it was never reported.</summary>
    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<string>("SELECT value FROM fact WHERE name = @name", new { name }, cancellationToken);
        return rows.SingleOrDefault();
    }
}
