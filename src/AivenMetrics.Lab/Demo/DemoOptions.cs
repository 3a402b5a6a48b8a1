namespace AivenMetrics.Lab.Demo;

/// <summary>Options of the demo.</summary>
/// <param name="Keep">True to run until Ctrl-C.</param>
/// <param name="ReadyFile">The file that describes the running demo for other programs; null for none.</param>
/// <param name="Data">The folder for all files; null for a temporary folder that is deleted at the end.</param>
/// <param name="Prometheus">The Prometheus executable.</param>
internal sealed record DemoOptions(bool Keep, string? ReadyFile, string? Data, string Prometheus);
