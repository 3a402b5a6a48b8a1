using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Writes log lines to a stream, many at once. The framework's console logger wakes its thread for every line and writes each by itself,
/// which costs a gateway as much as a quarter of a request; here, lines wait up to <see cref="Gathering"/> for others.
/// </summary>
/// <threadsafety>Safe for use by many threads.</threadsafety>
internal sealed class StandardOutput : ILoggerProvider, ISupportExternalScope
{
    /// <summary>How long a line waits for others.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    /// <summary>So many bytes wait when nobody reads the stream; then those who log wait too, as with the framework's logger.</summary>
    public const int WaitingMax = 4 << 20;

    private const int LineLengthMax = 16 << 10;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? ownLine;

    private readonly LineFormat format;
    private readonly Stream stream;
    private readonly Thread writer;
    private readonly object gate = new();
    private ArrayBufferWriter<byte> waiting = new();
    private ArrayBufferWriter<byte> written = new();
    private IExternalScopeProvider? scopes;
    private bool ended;

    /// <summary>Starts to write lines in <paramref name="format"/> to <paramref name="stream"/>.</summary>
    public StandardOutput(LineFormat format, Stream stream)
    {
        (this.format, this.stream) = (format, stream);
        writer = new Thread(WriteBatches) { IsBackground = true, Name = "log" };
        writer.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Category(categoryName, this);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => scopes = scopeProvider;

    /// <summary>Writes what still waits; what is logged later is lost.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
            Monitor.PulseAll(gate);
        }

        writer.Join();
        stream.Dispose();
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        lock (gate)
        {
            while (waiting.WrittenCount > WaitingMax && !ended)
            {
                Monitor.Wait(gate);
            }

            bool isFirst = waiting.WrittenCount == 0;
            waiting.Write(line);
            if (isFirst)
            {
                Monitor.PulseAll(gate);
            }
        }
    }

    private void WriteBatches()
    {
        while (Batch() is { } batch)
        {
            try
            {
                stream.Write(batch.WrittenSpan);
                stream.Flush();
            }
            catch (IOException exception)
            {
                // A full disk behind a redirection: the service goes on, without these lines.
                Console.Error.WriteLine($"Log lines are lost: {exception.Message}");
            }

            batch.ResetWrittenCount();
        }
    }

    /// <summary>Waits for lines; null when there are none and there will be none.</summary>
    private ArrayBufferWriter<byte>? Batch()
    {
        lock (gate)
        {
            while (waiting.WrittenCount == 0)
            {
                if (ended)
                {
                    return null;
                }

                Monitor.Wait(gate);
            }

            // Only a first line and the end wake this thread: the others come meanwhile.
            if (!ended)
            {
                Monitor.Wait(gate, Gathering);
            }

            (waiting, written) = (written, waiting);
            Monitor.PulseAll(gate);
            return written;
        }
    }

    private sealed class Category(string name, StandardOutput output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => output.scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            ArrayBufferWriter<byte> line = ownLine ??= new ArrayBufferWriter<byte>();
            line.ResetWrittenCount();
            output.format.Write(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter), output.scopes, line);
            output.Append(line.WrittenSpan);
            if (line.Capacity > LineLengthMax)
            {
                ownLine = null;
            }
        }
    }
}
