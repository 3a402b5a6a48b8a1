using System.Buffers;
using System.Globalization;
using System.Text;
using AivenMetrics.Hosting.Terminal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Log lines for people: time, level, category, message. Messages carry what tenants sent, which must not write to the operator's
/// terminal as it likes; the framework's formatter lets escape sequences through.
/// </summary>
internal sealed class ConsoleLineFormatter(TimeProvider clock) : LogLineFormatter
{
    /// <inheritdoc/>
    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line)
    {
        var time = clock.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        var level = Level(entry.LogLevel);
        var text =
            $"{time} {level} {entry.Category}[{entry.EventId.Id}] {PrintableText.Sanitize(entry.Formatter(entry.State, entry.Exception))}\n";
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
