using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Writes log lines to a stream, many at once. The framework's console logger wakes its thread for every line and writes each by itself,
/// which costs a gateway as much as a quarter of a request; here, lines wait up to <see cref="BatchDelay"/> for others.
/// </summary>
/// <threadsafety>Safe for use by many threads.</threadsafety>
internal sealed class BatchingConsoleLogger : ILoggerProvider, ISupportExternalScope
{
    /// <summary>How long a line waits for others.</summary>
    public static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>So many bytes wait when nobody reads the stream; then those who log wait too, as with the framework's logger.</summary>
    public const int MaximumPendingBytes = 4 << 20;

    private const int MaximumLineBuffer = 16 << 10;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _ownLine;

    private readonly LogLineFormatter _format;
    private readonly Stream _stream;
    private readonly Thread _writer;
    private readonly object _gate = new();
    private ArrayBufferWriter<byte> _waiting = new();
    private ArrayBufferWriter<byte> _written = new();
    private IExternalScopeProvider? _scopes;
    private bool _ended;

    /// <summary>Starts to write lines in <paramref name="format"/> to <paramref name="stream"/>.</summary>
    public BatchingConsoleLogger(LogLineFormatter format, Stream stream)
    {
        (this._format, this._stream) = (format, stream);
        _writer = new Thread(WriteBatches) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new CategoryLogger(categoryName, this);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>Writes what still waits; what is logged later is lost.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            Monitor.PulseAll(_gate);
        }

        _writer.Join();
        _stream.Dispose();
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            while (_waiting.WrittenCount > MaximumPendingBytes && !_ended)
            {
                Monitor.Wait(_gate);
            }

            var isFirst = _waiting.WrittenCount == 0;
            _waiting.Write(line);
            if (isFirst)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void WriteBatches()
    {
        while (TakeBatch() is { } batch)
        {
            try
            {
                _stream.Write(batch.WrittenSpan);
                _stream.Flush();
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
    private ArrayBufferWriter<byte>? TakeBatch()
    {
        lock (_gate)
        {
            while (_waiting.WrittenCount == 0)
            {
                if (_ended)
                {
                    return null;
                }

                Monitor.Wait(_gate);
            }

            // Only a first line and the end wake this thread: the others come meanwhile.
            if (!_ended)
            {
                Monitor.Wait(_gate, BatchDelay);
            }

            (_waiting, _written) = (_written, _waiting);
            Monitor.PulseAll(_gate);
            return _written;
        }
    }

    private sealed class CategoryLogger(string name, BatchingConsoleLogger output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => output._scopes?.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        )
        {
            var line = _ownLine ??= new ArrayBufferWriter<byte>();
            line.ResetWrittenCount();
            output._format.Write(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter), output._scopes, line);
            output.Append(line.WrittenSpan);
            if (line.Capacity > MaximumLineBuffer)
            {
                _ownLine = null;
            }
        }
    }
}
