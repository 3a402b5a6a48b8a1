using AivenMetrics.Broker;
using AivenMetrics.Testing;
using AivenMetrics.Tests.Broker.Osb;
using Xunit;

namespace AivenMetrics.Tests.Broker;

public sealed class BrokerOptionsTests
{
    [Fact]
    public void All_errors_of_empty_options_are_reported_together_with_their_remedies()
    {
        var faults = new BrokerOptions().Validate().ToList();

        string[] keys =
        [
            "Broker:EncryptionKeys",
            "Broker:Feed:DiscoveryToken",
            "Broker:Feed:GatewayToken",
            "Broker:Aiven:Token",
            "Broker:Aiven:Projects",
            "Broker:Password",
            "Broker:GatewayUrl",
        ];
        Assert.Equal(keys.Length, faults.Count);
        Assert.All(keys.Zip(faults), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.Contains(faults, fault =>
            fault.Contains("AIVENMETRICS_Broker__Password", StringComparison.Ordinal)
            && fault.Contains("Broker:PasswordFile", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("", "Broker:GatewayUrl")]
    [InlineData("metrics.example.com", "Broker:GatewayUrl")]
    [InlineData("ftp://metrics.example.com", "Broker:GatewayUrl")]
    [InlineData("https://user:secret-Pw1@metrics.example.com", "Broker:GatewayUrl")]
    public void A_gateway_URL_that_tenants_cannot_use_is_an_error(string url, string key)
    {
        var options = BrokerHost.NewOptions();
        options.GatewayUrl = url;

        var fault = Assert.Single(options.Validate());

        Assert.StartsWith(key, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-Pw1", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("aiven-metrics.db")]
    [InlineData("Data Source=:memory:")]
    [InlineData("Data Source=x;Passwort=secret-Pw1")]
    [InlineData("Host=db;Passwort=secret-Pw1")]
    [InlineData("=secret-Pw1")]
    [InlineData("postgres://")]
    [InlineData("postgres://u:secret-Pw1@db/name?nonsense=1")]
    public void The_error_of_an_invalid_database_does_not_repeat_its_value(string connectionString)
    {
        var options = BrokerHost.NewOptions();
        options.Database = connectionString;

        var fault = Assert.Single(options.Validate());

        Assert.StartsWith("Broker:Database", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-Pw1", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("k1", "not base64!")]
    [InlineData("k1", "c2hvcnQ=")]
    public void The_error_of_an_invalid_key_does_not_repeat_it(string id, string key)
    {
        var options = BrokerHost.NewOptions();
        options.EncryptionKeys[0].Id = id;
        options.EncryptionKeys[0].Key = key;

        Assert.NotEmpty(options.Validate());
        Assert.All(options.Validate(), fault => Assert.StartsWith("Broker:EncryptionKeys:0:", fault, StringComparison.Ordinal));
        Assert.All(options.Validate(), fault => Assert.True(key.Length == 0 || !fault.Contains(key, StringComparison.Ordinal)));
    }

    [Fact]
    public void Duplicate_key_ids_and_a_budget_above_the_platforms_timeout_are_errors()
    {
        var options = BrokerHost.NewOptions();
        options.EncryptionKeys.Add(new EncryptionKeyOptions { Id = "k1", Key = Convert.ToBase64String(new byte[32]) });
        options.BindBudget = TimeSpan.FromMinutes(1);

        Assert.Equal(2, options.Validate().Count);
    }
}
