namespace AivenMetrics.Testing.Programs;

/// <summary>The files of the two programs, which the build copies next to the tests.</summary>
internal static class ProgramFiles
{
    private static readonly string[] LabCommands = ["simulator", "demo", "platform"];

    /// <summary>The product, <c>aiven-metrics</c>.</summary>
    public static string Product { get; } = Path.Combine(AppContext.BaseDirectory, "aiven-metrics.dll");

    /// <summary>The laboratory, <c>aiven-metrics-lab</c>: simulator, demo and strict platform.</summary>
    public static string Lab { get; } = Path.Combine(AppContext.BaseDirectory, "aiven-metrics-lab.dll");

    /// <summary>Returns the program that has a command; the product for unknown commands.</summary>
    public static string With(string? command) => LabCommands.Contains(command) ? Lab : Product;
}
