using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting.Logging;

/// <summary>Format of log lines.</summary>
internal enum LogFormat
{
    /// <summary>Console format on a terminal, JSON otherwise.</summary>
    Auto,

    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Readable text with colours.</summary>
    Console,
}

/// <summary>Configures logging to standard output, with UTC times and request ids.</summary>
internal static class LoggingSetup
{
    public static void AddRoleLogging(this ILoggingBuilder logging, LogFormat format, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Warning ? level : LogLevel.Warning);
        // Disabled: its scope would add the client's raw path, which is untrusted text, to every line.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // RoleHost logs in one line why a role cannot start; the host would repeat it with a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        var isJson = format == LogFormat.Json || (format == LogFormat.Auto && Console.IsOutputRedirected);
        logging.ClearProviders();
        logging.Services.AddSingleton<ILoggerProvider>(services =>
        {
            var time = services.GetRequiredService<TimeProvider>();
            return new BatchingConsoleLogger(
                isJson ? new JsonLineFormatter(time) : new ConsoleLineFormatter(time),
                Console.OpenStandardOutput()
            );
        });
    }
}
