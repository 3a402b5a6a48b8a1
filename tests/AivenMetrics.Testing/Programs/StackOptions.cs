using System.Text.Json.Nodes;

namespace AivenMetrics.Testing.Programs;

/// <summary>What a test may vary of a stack. Delays are short, so that tests wait for events and not for clocks.</summary>
internal sealed record StackOptions
{
    /// <summary>A connection string; empty: SQLite in the stack's folder.</summary>
    public string Database { get; init; } = "";

    public string GracePeriod { get; init; } = "00:00:02";

    public string BindBudget { get; init; } = "00:00:20";

    /// <summary>More keys of <c>Broker:Aiven</c>, such as its timeouts.</summary>
    public JsonObject Aiven { get; init; } = [];

    /// <summary>How many brokers share the database.</summary>
    public int Brokers { get; init; } = 1;

    /// <summary>Which of the brokers the gateway asks for credentials.</summary>
    public int GatewayBroker { get; init; }

    /// <summary>How many Prometheus servers there are.</summary>
    public int Prometheus { get; init; } = 1;

    /// <summary>
    /// False: discovery and Prometheus are left out, for tests of the write journey's first half; binds need the gateway.
    /// </summary>
    public bool ReadPath { get; init; } = true;

    /// <summary>The simulator's limit of API calls a minute; 0: none.</summary>
    public int AivenLimit { get; init; }

    /// <summary>The least level that the roles log.</summary>
    public string LogLevel { get; init; } = "Information";
}
