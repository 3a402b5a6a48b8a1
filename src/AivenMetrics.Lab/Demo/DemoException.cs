namespace AivenMetrics.Lab.Demo;

/// <summary>Ends the demo. The message states the reason and the remedy.</summary>
internal sealed class DemoException(string message) : Exception(message);
