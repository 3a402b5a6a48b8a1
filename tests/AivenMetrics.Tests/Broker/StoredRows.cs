using AivenMetrics.Broker.State;

namespace AivenMetrics.Tests.Broker;

/// <summary>Content of a database of either kind.</summary>
internal static class StoredRows
{
    /// <summary>Returns all rows of all tables as text, by table name.</summary>
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
