namespace AivenMetrics.Broker.State;

/// <summary>Facts that processes report to each other. The newest report wins.</summary>
public sealed class FactStore(Database database)
{
    /// <summary>Name of the fact that gateways report: the version of the Prometheus behind them, such as <c>2.42.0</c>.</summary>
    public const string PrometheusVersion = "prometheus_version";

    /// <summary>Writes a fact over the last one of that name.</summary>
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

    /// <summary>The fact's value, or null when nobody reported it.</summary>
    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<string>("SELECT value FROM fact WHERE name = @name", new { name }, cancellationToken);
        return rows.SingleOrDefault();
    }
}
