namespace AivenMetrics.Lab.Demo;

/// <summary>
/// One of the two programs, in the folder of the running one: builds and publications put both there. It is started by its own
/// executable, or through the dotnet host if that also runs this process.
/// </summary>
/// <param name="Path">The file to start.</param>
/// <param name="Arguments">The arguments that come before those of the program.</param>
internal sealed record ProgramFile(string Path, IReadOnlyList<string> Arguments)
{
    private static readonly string Host = Environment.ProcessPath ?? "dotnet";

    /// <summary>The product: broker, discovery and gateway.</summary>
    public static ProgramFile Product { get; } = Of("aiven-metrics");

    /// <summary>This program, for the simulator.</summary>
    public static ProgramFile Lab { get; } = Of("aiven-metrics-lab");

    private static ProgramFile Of(string name)
    {
        var file = System.IO.Path.Combine(AppContext.BaseDirectory, name);
        return System.IO.Path.GetFileNameWithoutExtension(Host).Equals("dotnet", StringComparison.OrdinalIgnoreCase)
            ? new ProgramFile(Host, [file + ".dll"])
            : new ProgramFile(file, []);
    }
}
