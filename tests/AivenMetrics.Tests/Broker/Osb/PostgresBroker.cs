namespace AivenMetrics.Tests.Broker.Osb;

/// <summary>The broker on Kestrel with a new PostgreSQL database.</summary>
public class PostgresBroker(PostgresDatabases databases) : BrokerHost
{
    protected override Task<string> NewDatabaseAsync() => databases.NewAsync();
}
