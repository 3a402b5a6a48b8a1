using System.Text.Json.Nodes;

namespace AivenMetrics.Testing.Programs;

/// <summary>Options of a stack under test. Delays are short, so that tests are fast.</summary>
internal sealed record StackOptions
{
    /// <summary>A connection string; empty for SQLite in the stack's folder.</summary>
    public string Database { get; init; } = "";

    public string GracePeriod { get; init; } = "00:00:02";

    public string BindBudget { get; init; } = "00:00:20";

    /// <summary>Additional keys of <c>Broker:Aiven</c>, such as its timeouts.</summary>
    public JsonObject Aiven { get; init; } = [];

    /// <summary>Number of brokers that share the database.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Index of the broker whose feed the gateway reads.</summary>
    public int GatewayBroker { get; init; }

    /// <summary>Number of Prometheus servers.</summary>
    public int Prometheus { get; init; } = 1;

    /// <summary>False to omit discovery and Prometheus, for tests without scraping. Binds require the gateway.</summary>
    public bool ReadPath { get; init; } = true;

    /// <summary>The simulator's limit of API calls per minute; 0 for no limit.</summary>
    public int AivenLimit { get; init; }

    /// <summary>The minimum log level of the roles.</summary>
    public string LogLevel { get; init; } = "Information";
}
