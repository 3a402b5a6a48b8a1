namespace AivenMetrics.Demo;

/// <summary>How to start this executable again as another role: by itself, or through the dotnet host it was started with.</summary>
internal static class Self
{
    public static string Program { get; } = Environment.ProcessPath ?? "dotnet";

    public static IReadOnlyList<string> Arguments { get; } =
        Path.GetFileNameWithoutExtension(Program).Equals("dotnet", StringComparison.OrdinalIgnoreCase) ? [Environment.GetCommandLineArgs()[0]] : [];
}
