using System.Globalization;
using AivenMetrics.Terminal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace AivenMetrics.Hosting;

/// <summary>
/// Log lines for people: time, level, category, message. Messages carry what tenants sent, which must not write to the operator's
/// terminal as it likes; the framework's formatter lets escape sequences through.
/// </summary>
internal sealed class ReadableLines() : ConsoleFormatter(FormatterName)
{
    /// <summary>The name that the console logger knows it by.</summary>
    public const string FormatterName = "readable";

    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        string time = TimeProvider.System.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        string level = Level(logEntry.LogLevel);
        textWriter.WriteLine($"{time} {level} {logEntry.Category}[{logEntry.EventId.Id}] {Printable.Of(logEntry.Formatter(logEntry.State, logEntry.Exception))}");
        if (logEntry.Exception is { } exception)
        {
            textWriter.WriteLine(Printable.Of(exception.ToString(), keepLines: true));
        }
    }

    private static string Level(LogLevel level)
    {
        (string word, int colour) = level switch
        {
            LogLevel.Trace => ("trce", 90),
            LogLevel.Debug => ("dbug", 90),
            LogLevel.Information => ("info", 32),
            LogLevel.Warning => ("warn", 33),
            LogLevel.Error => ("fail", 31),
            _ => ("crit", 31),
        };
        return Console.IsOutputRedirected ? word : $"\u001b[{colour}m{word}\u001b[0m";
    }
}
