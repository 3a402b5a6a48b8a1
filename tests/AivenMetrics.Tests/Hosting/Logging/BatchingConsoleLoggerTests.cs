using System.Buffers;
using System.Text;
using AivenMetrics.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Logging;

public sealed class BatchingConsoleLoggerTests
{
    [Fact]
    public void Lines_of_concurrent_threads_are_written_completely_and_in_the_order_of_each_thread()
    {
        const int threads = 8,
            linesOfEach = 2000;
        var stream = new MemoryStream();
        using (var output = new BatchingConsoleLogger(new Plain(), stream))
        {
            var logger = output.CreateLogger("category");
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, thread =>
            {
                for (var line = 0; line < linesOfEach; line++)
                {
                    logger.Log(LogLevel.Information, 0, $"{thread} {line} é", null, (state, _) => state);
                }
            });
        }

        var written = Encoding.UTF8.GetString(stream.ToArray()).TrimEnd('\n').Split('\n').Select(line => line.Split(' ')).ToList();
        Assert.Equal(threads * linesOfEach, written.Count);
        Assert.All(written, line => Assert.Equal(["category", "é"], [line[0], line[3]]));
        Assert.All(written.GroupBy(line => line[1]), thread =>
            Assert.Equal(Enumerable.Range(0, linesOfEach).Select(line => $"{line}"), thread.Select(line => line[2]))
        );
    }

    [Fact]
    public async Task A_line_is_written_even_if_no_other_line_follows()
    {
        var stream = new Watched();
        using var output = new BatchingConsoleLogger(new Plain(), stream);

        output.CreateLogger("category").Log(LogLevel.Information, 0, "alone", null, (state, _) => state);

        Assert.Equal(
            "category alone\n",
            await stream.FirstWrite.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public void A_stream_that_rejects_writes_loses_lines_and_logging_continues()
    {
        using var output = new BatchingConsoleLogger(new Plain(), new Full());
        var logger = output.CreateLogger("category");
        string large = new('x', 1 << 20);

        // Exceeds the limit of pending bytes. If the writer thread had ended, these calls would block.
        for (var megabyte = 0; megabyte < 3 * (BatchingConsoleLogger.MaximumPendingBytes >> 20); megabyte++)
        {
            logger.Log(LogLevel.Information, 0, large, null, (state, _) => state);
        }

        Assert.True(logger.IsEnabled(LogLevel.Information));
    }

    private sealed class Plain : LogLineFormatter
    {
        public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, IBufferWriter<byte> line) =>
            Encoding.UTF8.GetBytes($"{entry.Category} {entry.Formatter(entry.State, entry.Exception)}\n", line);
    }

    private sealed class Watched : MemoryStream
    {
        public TaskCompletionSource<string> FirstWrite { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Write(ReadOnlySpan<byte> buffer) => FirstWrite.TrySetResult(Encoding.UTF8.GetString(buffer));
    }

    private sealed class Full : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("No space left on device");
    }
}
