using AivenMetrics.Lab.PlatformCli;
using AivenMetrics.StrictPlatform.Lifecycle;
using Xunit;

namespace AivenMetrics.Tests.Lab.PlatformCli;

/// <summary>Tests that the platform stores names and ids between commands.</summary>
public sealed class PlatformStateFileTests : IDisposable
{
    private static readonly StoredInstance Instance = new(
        "id-1",
        "service",
        "plan",
        new PlatformTenant(PlatformProfile.Kubernetes, "cluster", "", "uid", "namespace"),
        "op"
    );

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiven-metrics-state-");

    private string File => Path.Combine(_folder.FullName, "deep", "state.json");

    [Fact]
    public void Stored_entries_are_available_only_to_later_commands_for_the_same_broker()
    {
        Open("http://one").Save("mine", Instance);
        Open("http://one").Save("mine", "key", new StoredBinding("id-2", "plan", null, null));

        Assert.Equal(
            ("id-1", "op", Instance.Tenant),
            (
                Open("http://one").GetInstance("mine").Id,
                Open("http://one").GetInstance("mine").Operation,
                Open("http://one").GetInstance("mine").Tenant
            )
        );
        Assert.Equal("id-2", Open("http://one").GetBinding("mine", "key").Id);
        Assert.Throws<UsageException>(() => Open("http://two").GetInstance("mine"));
    }

    [Fact]
    public void Removed_entries_are_not_available()
    {
        Open("http://one").Save("mine", Instance);
        Open("http://one").Save("mine", "key", new StoredBinding("id-2", "plan", null, null));

        Open("http://one").Remove("mine", "key");
        Assert.Throws<UsageException>(() => Open("http://one").GetBinding("mine", "key"));
        Open("http://one").Remove("mine");
        Assert.Empty(Open("http://one").Instances);
    }

    [Fact]
    public void Only_the_owner_can_read_or_write_the_file()
    {
        Open("http://one").Save("mine", Instance);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task Concurrent_commands_lose_no_entries()
    {
        var ct = TestContext.Current.CancellationToken;
        await Task.WhenAll(
            Enumerable.Range(0, 12).Select(number => Task.Run(() => Open("http://one").Save($"mine-{number}", Instance), ct))
        );

        Assert.Equal(12, Open("http://one").Instances.Count);
    }

    [Fact]
    public void A_file_with_other_content_is_not_overwritten()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, "my diary");

        Assert.Throws<UsageException>(() => Open("http://one").Save("mine", Instance));
        Assert.Equal("my diary", System.IO.File.ReadAllText(File));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private PlatformStateFile Open(string broker) => new(File, broker);
}
