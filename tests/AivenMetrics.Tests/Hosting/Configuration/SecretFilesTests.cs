using AivenMetrics.Hosting.Configuration;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Configuration;

public sealed class SecretFilesTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("Broker:Password", "Broker:Password")]
    [InlineData("Broker:EncryptionKeys:*:Key", "Broker:EncryptionKeys:0:Key")]
    public void A_secret_is_read_from_its_file_without_surrounding_white_space(string pattern, string key)
    {
        File.WriteAllText(_file, "  s3cret\n");
        Dictionary<string, string> entries = new() { [key + "File"] = _file };
        List<string> faults = [];

        SecretFiles.Resolve(entries, [pattern], faults);

        Assert.Empty(faults);
        Assert.Equal("s3cret", entries[key]);
        Assert.DoesNotContain(key + "File", entries.Keys);
    }

    [Fact]
    public void A_file_key_that_is_not_a_secret_is_unchanged()
    {
        Dictionary<string, string> entries = new() { ["Gateway:TenantsFile"] = _file };

        SecretFiles.Resolve(entries, ["Gateway:FeedToken"], []);

        Assert.Equal(_file, entries["Gateway:TenantsFile"]);
    }

    [Fact]
    public void An_empty_file_a_missing_file_and_a_secret_given_twice_are_all_reported()
    {
        Dictionary<string, string> entries = new()
        {
            ["R:AFile"] = _file,
            ["R:BFile"] = _file + ".missing",
            ["R:CFile"] = _file,
            ["R:C"] = "given",
        };
        List<string> faults = [];

        SecretFiles.Resolve(entries, ["R:A", "R:B", "R:C"], faults);

        Assert.Equal(3, faults.Count);
        Assert.Contains(faults, fault =>
            fault.Contains("R:AFile names", StringComparison.Ordinal) && fault.Contains("empty", StringComparison.Ordinal)
        );
        Assert.Contains(faults, fault =>
            fault.Contains("R:BFile names", StringComparison.Ordinal) && fault.Contains("cannot be read", StringComparison.Ordinal)
        );
        Assert.Contains("R:C and R:CFile are both set: remove one of them.", faults);
    }
}
