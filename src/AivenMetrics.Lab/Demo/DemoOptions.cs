namespace AivenMetrics.Lab.Demo;

/// <summary>How the demo runs.</summary>
/// <param name="Keep">Stay up until Ctrl-C.</param>
/// <param name="ReadyFile">Where to describe what runs, for other programs; null: nowhere.</param>
/// <param name="Data">The folder for everything; null: a new temporary one that goes with the demo.</param>
/// <param name="Prometheus">The Prometheus program.</param>
internal sealed record DemoOptions(bool Keep, string? ReadyFile, string? Data, string Prometheus);
