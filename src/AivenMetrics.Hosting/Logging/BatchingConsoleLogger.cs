using System.Buffers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AivenMetrics.Hosting.Logging;

/// <summary>
/// Writes log lines to a stream in batches: a line waits up to <see cref="BatchDelay"/> for others. .NET's console logger wakes its thread
/// and writes once per line, which costs a gateway a quarter of a request.
/// </summary>
/// <threadsafety>Safe for concurrent use.</threadsafety>
internal sealed class BatchingConsoleLogger : ILoggerProvider, ISupportExternalScope
{
    /// <summary>How long the first line of a batch waits for more lines.</summary>
    public static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes that can be pending. If the stream is not read, further log calls block, as with .NET's console logger.</summary>
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

    /// <summary>Starts the thread that writes lines in <paramref name="format"/> to <paramref name="stream"/>.</summary>
    public BatchingConsoleLogger(LogLineFormatter format, Stream stream)
    {
        (_format, _stream) = (format, stream);
        _writer = new Thread(WriteBatches) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new CategoryLogger(categoryName, this);

    /// <inheritdoc/>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>Writes pending lines and closes the stream. Lines that are logged later are lost.</summary>
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
                // For example a full disk. The service continues without these lines.
                Console.Error.WriteLine($"Log lines could not be written and are lost: {exception.Message}");
            }

            batch.ResetWrittenCount();
        }
    }

    /// <summary>Waits for lines and returns them. Returns null after the end.</summary>
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

            // Only the first line of a batch and the end wake this thread.
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
