namespace AivenMetrics.Testing.Programs;

/// <summary>The files of the two programs, which the build puts next to the tests.</summary>
internal static class ProgramFiles
{
    private static readonly string[] LabCommands = ["simulator", "demo", "platform"];

    /// <summary>The product.</summary>
    public static string Product { get; } = Path.Combine(AppContext.BaseDirectory, "aiven-metrics.dll");

    /// <summary>The laboratory: simulator, demo and strict platform.</summary>
    public static string Lab { get; } = Path.Combine(AppContext.BaseDirectory, "aiven-metrics-lab.dll");

    /// <summary>Returns the program that has a command; the product for a command that neither has.</summary>
    public static string With(string? command) => LabCommands.Contains(command) ? Lab : Product;
}
