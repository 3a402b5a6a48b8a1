using System.Runtime.Versioning;
using System.Text;
using AivenMetrics.Feed;
using Xunit;

namespace AivenMetrics.Tests.Feed;

[UnsupportedOSPlatform("windows")]
public sealed class AtomicFileTests : IDisposable
{
    private const UnixFileMode Group = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("atomic-");

    private string Target => Path.Combine(_folder.FullName, "watched", "demo.json");

    [Fact]
    public void Equal_bytes_leave_the_file_and_its_modification_time_unchanged()
    {
        Assert.True(AtomicFile.WriteIfChanged(Target, "[]\n"u8, Group));
        var old = new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(Target, old);
        Assert.False(AtomicFile.WriteIfChanged(Target, "[]\n"u8, Group));
        Assert.Equal(old, File.GetLastWriteTimeUtc(Target));
        Assert.True(AtomicFile.WriteIfChanged(Target, "{}\n"u8, Group));
        Assert.NotEqual(old, File.GetLastWriteTimeUtc(Target));
    }

    [Fact]
    public void The_requested_mode_is_set_even_if_the_content_is_unchanged()
    {
        AtomicFile.WriteIfChanged(Target, "secret"u8, Group);
        Assert.Equal(Group, File.GetUnixFileMode(Target));
        File.SetUnixFileMode(Target, Group | UnixFileMode.OtherRead);
        AtomicFile.WriteIfChanged(Target, "secret"u8, Group);
        Assert.Equal(Group, File.GetUnixFileMode(Target));
    }

    [Fact]
    public async Task A_reader_sees_either_the_old_or_the_new_content()
    {
        var contents = new[] { new string('a', 300_000), new string('b', 200_000) };
        AtomicFile.WriteIfChanged(Target, Encoding.ASCII.GetBytes(contents[0]), Group);
        using var done = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var reads = 0;
            while (!done.IsCancellationRequested || reads == 0)
            {
                Assert.Contains(File.ReadAllText(Target), contents);
                reads++;
            }

            return reads;
        });
        for (var i = 1; i <= 100; i++)
        {
            AtomicFile.WriteIfChanged(Target, Encoding.ASCII.GetBytes(contents[i % 2]), Group);
        }
        await done.CancelAsync();
        Assert.True(await reader > 0);
    }

    [Fact]
    public void A_watched_folder_never_contains_a_temporary_file()
    {
        using var watcher = new FileSystemWatcher(Directory.CreateDirectory(Path.GetDirectoryName(Target)!).FullName);
        var seen = new System.Collections.Concurrent.ConcurrentBag<string>();
        watcher.Created += (_, e) => seen.Add(e.Name!);
        watcher.Changed += (_, e) => seen.Add(e.Name!);
        watcher.Renamed += (_, e) => seen.Add(e.Name!);
        watcher.EnableRaisingEvents = true;
        var temporary = Path.Combine(_folder.FullName, ".tmp");
        for (var i = 0; i < 20; i++)
        {
            AtomicFile.WriteIfChanged(Target, Encoding.ASCII.GetBytes($"{i}"), Group, temporary);
        }
        Assert.True(SpinWait.SpinUntil(() => !seen.IsEmpty, TimeSpan.FromSeconds(5)));
        Assert.All(seen, name => Assert.Equal("demo.json", name));
        Assert.Empty(Directory.EnumerateFileSystemEntries(temporary));
    }

    [Fact]
    public void A_failed_write_leaves_the_old_content_and_no_temporary_file()
    {
        Directory.CreateDirectory(Target);
        Assert.ThrowsAny<SystemException>(() => AtomicFile.WriteIfChanged(Target, "x"u8, Group));
        Assert.Equal([Target], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(Target)!));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
