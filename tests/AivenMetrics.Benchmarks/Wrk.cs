using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace AivenMetrics.Benchmarks;

/// <summary>What one run of wrk measured.</summary>
internal sealed record WrkResult(long Requests, double PerSecond, double P50, double P99);

/// <summary>The load generator wrk: in C, so that it leaves the cores to what is measured.</summary>
internal static partial class Wrk
{
    /// <summary>Asks one URL with so many connections for so many seconds. Any answer that is no success is an error.</summary>
    public static async Task<WrkResult> RunAsync(Uri url, int connections, int seconds, (string Username, string Password)? who)
    {
        List<string> arguments = ["-t", "1", "-c", $"{connections}", "-d", $"{seconds}s", "--latency"];
        if (who is { } known)
        {
            arguments.AddRange([
                "-H",
                "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{known.Username}:{known.Password}")),
            ]);
        }
        using var wrk = Process.Start(new ProcessStartInfo("wrk", [.. arguments, url.AbsoluteUri]) { RedirectStandardOutput = true })!;
        var said = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        if (
            wrk.ExitCode != 0
            || said.Contains("Non-2xx", StringComparison.Ordinal)
            || said.Contains("Socket errors", StringComparison.Ordinal)
        )
        {
            throw new InvalidOperationException($"{url} was not answered well:\n{said}");
        }
        return new(
            long.Parse(Requests().Match(said).Groups[1].Value, CultureInfo.InvariantCulture),
            double.Parse(PerSecond().Match(said).Groups[1].Value, CultureInfo.InvariantCulture),
            Milliseconds(said, "50%"),
            Milliseconds(said, "99%")
        );
    }

    private static double Milliseconds(string said, string quantile)
    {
        var match = Regex.Match(said, Regex.Escape(quantile) + @"\s+([\d.]+)(us|ms|s)\b");
        var number = double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch
        {
            "us" => number / 1000,
            "ms" => number,
            _ => number * 1000,
        };
    }

    [GeneratedRegex(@"(\d+) requests in")]
    private static partial Regex Requests();

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex PerSecond();
}
