using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>Formats log lines.</summary>
/// <threadsafety>Implementations must be safe for concurrent use.</threadsafety>
internal abstract class LogLineFormatter
{
    /// <summary>Writes one entry as UTF-8, including the line break.</summary>
    /// <param name="entry">The log entry.</param>
    /// <param name="scopes">The active scopes, or null if there are none.</param>
    /// <param name="line">The buffer that receives the line.</param>
    public abstract void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line);
}
