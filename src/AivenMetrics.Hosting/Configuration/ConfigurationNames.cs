namespace AivenMetrics.Hosting.Configuration;

/// <summary>The names that configuration may have. One file, or one environment, can configure several roles of both programs.</summary>
internal static class ConfigurationNames
{
    /// <summary>Prefix of the environment variables that set configuration keys.</summary>
    public const string EnvironmentPrefix = "AIVENMETRICS_";

    /// <summary>Prefix of the environment variables of <c>aiven-metrics-lab platform</c>, which are no configuration keys.</summary>
    public const string PlatformEnvironmentPrefix = EnvironmentPrefix + "PLATFORM_";

    /// <summary>The sections of all roles.</summary>
    public static IReadOnlyList<string> Sections { get; } = ["Broker", "Discovery", "Gateway", "Simulator"];
}
