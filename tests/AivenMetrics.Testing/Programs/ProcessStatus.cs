using System.Globalization;

namespace AivenMetrics.Testing.Programs;

/// <summary>Reads the resource usage of a process from Linux.</summary>
internal static class ProcessStatus
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Processor seconds, user and system, of a process and its children.</summary>
    public static double ProcessorSeconds(int process)
    {
        var own = 0L;
        foreach (var id in Children(process).Append(process))
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            // The name, in parentheses, can contain spaces; user and system time are the 14th and 15th field.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            own += long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        }

        return own / TicksPerSecond;
    }

    /// <summary>Resident memory in bytes.</summary>
    public static long ResidentMemory(int process) => Kilobytes(process, "VmRSS:") << 10;

    /// <summary>The peak of resident memory since the start or the last <see cref="ForgetPeak"/>, in bytes.</summary>
    public static long PeakMemory(int process) => Kilobytes(process, "VmHWM:") << 10;

    /// <summary>Resets the peak to the current resident memory.</summary>
    public static void ForgetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    /// <summary>Returns the load average of the last minute.</summary>
    public static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static IEnumerable<int> Children(int process) =>
        Directory
            .GetDirectories($"/proc/{process}/task")
            .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(id => int.Parse(id, CultureInfo.InvariantCulture));

    private static long Kilobytes(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
