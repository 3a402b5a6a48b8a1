using AivenMetrics.Lab.PlatformCli;
using AivenMetrics.StrictPlatform.Lifecycle;
using Xunit;

namespace AivenMetrics.Tests.Lab.PlatformCli;

/// <summary>The names that the platform remembers between two commands.</summary>
public sealed class PlatformStateFileTests : IDisposable
{
    private static readonly StoredInstance Instance = new(
        "id-1",
        "service",
        "plan",
        new PlatformTenant(PlatformProfile.Kubernetes, "cluster", "", "uid", "namespace"),
        "op"
    );

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aiven-metrics-memory-");

    private string File => Path.Combine(_folder.FullName, "deep", "state.json");

    [Fact]
    public void What_was_remembered_is_known_to_the_next_command_of_the_same_broker_only()
    {
        Memory("http://one").Save("mine", Instance);
        Memory("http://one").Save("mine", "key", new StoredBinding("id-2", "plan", null, null));

        Assert.Equal(
            ("id-1", "op", Instance.Tenant),
            (
                Memory("http://one").GetInstance("mine").Id,
                Memory("http://one").GetInstance("mine").Operation,
                Memory("http://one").GetInstance("mine").Tenant
            )
        );
        Assert.Equal("id-2", Memory("http://one").GetBinding("mine", "key").Id);
        Assert.Throws<UsageException>(() => Memory("http://two").GetInstance("mine"));
    }

    [Fact]
    public void What_was_forgotten_is_gone()
    {
        Memory("http://one").Save("mine", Instance);
        Memory("http://one").Save("mine", "key", new StoredBinding("id-2", "plan", null, null));

        Memory("http://one").Remove("mine", "key");
        Assert.Throws<UsageException>(() => Memory("http://one").GetBinding("mine", "key"));
        Memory("http://one").Remove("mine");
        Assert.Empty(Memory("http://one").Instances);
    }

    [Fact]
    public void The_file_is_for_its_owner_alone()
    {
        Memory("http://one").Save("mine", Instance);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task Commands_at_the_same_time_lose_nothing()
    {
        var ct = TestContext.Current.CancellationToken;
        await Task.WhenAll(
            Enumerable.Range(0, 12).Select(number => Task.Run(() => Memory("http://one").Save($"mine-{number}", Instance), ct))
        );

        Assert.Equal(12, Memory("http://one").Instances.Count);
    }

    [Fact]
    public void A_file_of_something_else_is_not_overwritten()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, "my diary");

        Assert.Throws<UsageException>(() => Memory("http://one").Save("mine", Instance));
        Assert.Equal("my diary", System.IO.File.ReadAllText(File));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private PlatformStateFile Memory(string broker) => new(File, broker);
}
