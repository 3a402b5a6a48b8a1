using System.Buffers;
using System.Globalization;
using System.Text;
using AivenMetrics.Hosting.Terminal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Formats log lines for people: time, level, category, message. Messages contain text from tenants, therefore control characters are
/// replaced; .NET's formatter passes escape sequences to the terminal.
/// </summary>
internal sealed class ConsoleLineFormatter(TimeProvider clock) : LogLineFormatter
{
    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line)
    {
        var time = clock.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var level = Level(entry.LogLevel);
        var text =
            $"{time} {level} {entry.Category}[{entry.EventId.Id}] "
            + $"{PrintableText.Sanitize(entry.Formatter(entry.State, entry.Exception))}\n";
        Encoding.UTF8.GetBytes(text, line);
        if (entry.Exception is { } exception)
        {
            Encoding.UTF8.GetBytes(PrintableText.Sanitize(exception.ToString(), keepLines: true) + "\n", line);
        }
    }

    private static string Level(LogLevel level)
    {
        (var word, var colour) = level switch
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
