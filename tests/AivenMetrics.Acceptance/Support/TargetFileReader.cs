using System.Text.Json.Nodes;
using Xunit;

namespace AivenMetrics.Acceptance.Support;

/// <summary>Reads the file with the targets of Prometheus at any moment.</summary>
internal static class TargetFileReader
{
    public static string[] Addresses(string path) =>
        [
            .. JsonNode
                .Parse(File.ReadAllText(path))!
                .AsArray()
                .SelectMany(group => group!["targets"]!.AsArray())
                .Select(target => target!.GetValue<string>().Split(':')[0]),
        ];

    /// <summary>Reads the file repeatedly during an action. It must always contain at least this many targets.</summary>
    public static async Task<int> AssertNeverBelowAsync(string path, int targets, Func<Task> something)
    {
        using var done = new CancellationTokenSource();
        var watching = Task.Run(() => WatchAsync(path, targets, done.Token));
        try
        {
            await something();
        }
        finally
        {
            await done.CancelAsync();
        }

        return await watching;
    }

    private static async Task<int> WatchAsync(string path, int targets, CancellationToken done)
    {
        var readings = 0;
        for (; !done.IsCancellationRequested; readings++)
        {
            var addresses = Addresses(path);
            Assert.True(addresses.Length >= targets, $"Reading {readings} found {addresses.Length} targets instead of {targets}.");
            await Task.Delay(5, CancellationToken.None);
        }

        return readings;
    }
}
