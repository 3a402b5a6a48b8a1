using AivenMetrics.Lab.PlatformCli;
using AivenMetrics.StrictPlatform.Lifecycle;
using Xunit;

namespace AivenMetrics.Tests.Lab.PlatformCli;

/// <summary>The names that the platform remembers between two commands.</summary>
public sealed class PlatformMemoryTests : IDisposable
{
    private static readonly KnownInstance Instance = new("id-1", "service", "plan", new Tenant(Profile.Kubernetes, "cluster", "", "uid", "namespace"), "op");

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("aiven-metrics-memory-");

    private string File => Path.Combine(folder.FullName, "deep", "state.json");

    [Fact]
    public void What_was_remembered_is_known_to_the_next_command_of_the_same_broker_only()
    {
        Memory("http://one").Remember("mine", Instance);
        Memory("http://one").Remember("mine", "key", new KnownBinding("id-2", "plan", null, null));

        Assert.Equal(("id-1", "op", Instance.Tenant), (Memory("http://one").Instance("mine").Id, Memory("http://one").Instance("mine").Operation, Memory("http://one").Instance("mine").Tenant));
        Assert.Equal("id-2", Memory("http://one").Binding("mine", "key").Id);
        Assert.Throws<UsageException>(() => Memory("http://two").Instance("mine"));
    }

    [Fact]
    public void What_was_forgotten_is_gone()
    {
        Memory("http://one").Remember("mine", Instance);
        Memory("http://one").Remember("mine", "key", new KnownBinding("id-2", "plan", null, null));

        Memory("http://one").Forget("mine", "key");
        Assert.Throws<UsageException>(() => Memory("http://one").Binding("mine", "key"));
        Memory("http://one").Forget("mine");
        Assert.Empty(Memory("http://one").Instances);
    }

    [Fact]
    public void The_file_is_for_its_owner_alone()
    {
        Memory("http://one").Remember("mine", Instance);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task Commands_at_the_same_time_lose_nothing()
    {
        CancellationToken ct = TestContext.Current.CancellationToken;
        await Task.WhenAll(Enumerable.Range(0, 12).Select(number => Task.Run(() => Memory("http://one").Remember($"mine-{number}", Instance), ct)));

        Assert.Equal(12, Memory("http://one").Instances.Count);
    }

    [Fact]
    public void A_file_of_something_else_is_not_overwritten()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        System.IO.File.WriteAllText(File, "my diary");

        Assert.Throws<UsageException>(() => Memory("http://one").Remember("mine", Instance));
        Assert.Equal("my diary", System.IO.File.ReadAllText(File));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private PlatformMemory Memory(string broker) => new(File, broker);
}
