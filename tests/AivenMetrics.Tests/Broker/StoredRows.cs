using AivenMetrics.Broker.State;

namespace AivenMetrics.Tests.Broker;

/// <summary>What a database holds, whichever its kind.</summary>
internal static class StoredRows
{
    /// <summary>Every row of every table as text, by the table's name.</summary>
    public static async Task<Dictionary<string, List<string>>> AllAsync(Database database)
    {
        var tables = await database.QueryAsync<string>(
            database.IsPostgres
                ? "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
                : "SELECT name FROM sqlite_master WHERE type = 'table'",
            null,
            CancellationToken.None
        );
        var rows = new Dictionary<string, List<string>>();
        foreach (var table in tables)
        {
            var read = await database.QueryAsync<object>($"SELECT * FROM {table}", null, CancellationToken.None);
            rows[table] = [.. read.Select(row => string.Join(", ", (IDictionary<string, object?>)row))];
        }

        return rows;
    }
}
