using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Hosting.Logging;

/// <summary>How a role writes its logs.</summary>
internal enum LogFormat
{
    /// <summary>Console on a terminal, JSON elsewhere.</summary>
    Auto,

    /// <summary>One JSON object a line.</summary>
    Json,

    /// <summary>For people.</summary>
    Console,
}

/// <summary>Sets logging up: to standard output, with UTC times and the request's id.</summary>
internal static class LoggingSetup
{
    public static void AddRoleLogging(this ILoggingBuilder logging, LogFormat format, LogLevel level)
    {
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft.AspNetCore", level > LogLevel.Warning ? level : LogLevel.Warning);
        // Off altogether: its scope would put the client's raw path, which is text from outside, into every line.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // The role says in a sentence why it cannot start; the host would say it again with a stack trace.
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
