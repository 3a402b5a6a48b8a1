namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>The broker on a real Kestrel and a database of its own on a real PostgreSQL.</summary>
public class PostgresBroker(PostgresDatabases databases) : BrokerHost
{
    protected override Task<string> NewDatabaseAsync() => databases.NewAsync();
}
