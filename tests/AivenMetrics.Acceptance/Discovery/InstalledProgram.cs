using System.Diagnostics;
using Xunit;

namespace AivenMetrics.Acceptance.Discovery;

/// <summary>A program of Prometheus' package. A missing one fails the test with the remedy: a silent skip would be a lie.</summary>
internal static class InstalledProgram
{
    public static Process Start(string name, params string[] arguments)
    {
        var path = (new[] { "/usr/bin", "/usr/local/bin" }).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.True(path is not null, $"{name} is not installed: run tests/run.sh, which installs it, or 'apt-get install prometheus'.");
        return Process.Start(new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }
}
