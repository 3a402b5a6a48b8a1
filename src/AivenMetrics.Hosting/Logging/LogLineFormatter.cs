using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>How a log line is written.</summary>
/// <threadsafety>Used by many threads at once.</threadsafety>
internal abstract class LogLineFormatter
{
    /// <summary>Writes one entry as UTF-8, with the line end.</summary>
    /// <param name="entry">What was logged.</param>
    /// <param name="scopes">In which scopes; null: in none.</param>
    /// <param name="line">Where to write.</param>
    public abstract void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line);
}
