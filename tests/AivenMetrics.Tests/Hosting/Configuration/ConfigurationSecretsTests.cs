using AivenMetrics.Hosting.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Configuration;

public sealed class ConfigurationSecretsTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    public void Dispose() => File.Delete(file);

    [Theory]
    [InlineData("Broker:Password", "Broker:Password")]
    [InlineData("Broker:EncryptionKeys:*:Key", "Broker:EncryptionKeys:0:Key")]
    public void A_secret_is_read_from_the_file_that_its_key_names_without_white_space_around_it(string pattern, string key)
    {
        File.WriteAllText(file, "  s3cret\n");
        Dictionary<string, string> entries = new() { [key + "File"] = file };
        List<string> faults = [];

        ConfigurationSecrets.Resolve(entries, [pattern], faults);

        Assert.Empty(faults);
        Assert.Equal("s3cret", entries[key]);
        Assert.DoesNotContain(key + "File", entries.Keys);
    }

    [Fact]
    public void A_file_key_that_is_no_secret_is_left_alone()
    {
        Dictionary<string, string> entries = new() { ["Gateway:TenantsFile"] = file };

        ConfigurationSecrets.Resolve(entries, ["Gateway:FeedToken"], []);

        Assert.Equal(file, entries["Gateway:TenantsFile"]);
    }

    [Fact]
    public void An_empty_file_a_missing_file_and_a_secret_given_twice_are_all_reported()
    {
        Dictionary<string, string> entries = new()
        {
            ["R:AFile"] = file,
            ["R:BFile"] = file + ".missing",
            ["R:CFile"] = file,
            ["R:C"] = "given",
        };
        List<string> faults = [];

        ConfigurationSecrets.Resolve(entries, ["R:A", "R:B", "R:C"], faults);

        Assert.Equal(3, faults.Count);
        Assert.Contains(faults, fault => fault.Contains("R:AFile names", StringComparison.Ordinal) && fault.Contains("empty", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.Contains("R:BFile names", StringComparison.Ordinal) && fault.Contains("cannot be read", StringComparison.Ordinal));
        Assert.Contains("R:C and R:CFile are both set: keep one of them.", faults);
    }
}
