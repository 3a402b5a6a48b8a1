using AivenMetrics.Broker;
using AivenMetrics.Testing;
using AivenMetrics.Tests.Broker.Osb;
using Xunit;

namespace AivenMetrics.Tests.Broker;

public sealed class BrokerOptionsTests
{
    [Fact]
    public void All_faults_of_empty_options_are_told_together_with_the_way_to_mend_them()
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
    public void A_gateway_url_that_tenants_could_not_use_is_a_fault(string url, string key)
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
    public void A_database_that_cannot_be_is_a_fault_that_does_not_repeat_what_was_written(string connectionString)
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
    public void A_key_that_is_no_key_is_a_fault_without_the_key(string id, string key)
    {
        var options = BrokerHost.NewOptions();
        options.EncryptionKeys[0].Id = id;
        options.EncryptionKeys[0].Key = key;

        Assert.NotEmpty(options.Validate());
        Assert.All(options.Validate(), fault => Assert.StartsWith("Broker:EncryptionKeys:0:", fault, StringComparison.Ordinal));
        Assert.All(options.Validate(), fault => Assert.True(key.Length == 0 || !fault.Contains(key, StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_keys_of_one_id_and_a_budget_beyond_the_platforms_patience_are_faults()
    {
        var options = BrokerHost.NewOptions();
        options.EncryptionKeys.Add(new EncryptionKeyOptions { Id = "k1", Key = Convert.ToBase64String(new byte[32]) });
        options.BindBudget = TimeSpan.FromMinutes(1);

        Assert.Equal(2, options.Validate().Count);
    }
}
