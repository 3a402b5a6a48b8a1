using System.Buffers;
using System.Text.Json;
using AivenMetrics.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace AivenMetrics.Tests.Hosting.Logging;

public sealed class JsonLineFormatterTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 11, 23, 9, 5, 7, 42, TimeSpan.Zero));

    [Fact]
    public void A_line_contains_the_message_its_values_and_the_scopes()
    {
        KeyValuePair<string, object?>[] values =
        [
            new("Route", "/api/v1/query"),
            new("Status", 200),
            new("Milliseconds", 1.5),
            new("Bytes", 1L << 40),
            new("Known", true),
            new("Nobody", null),
            new("Long", TimeSpan.FromMinutes(1)),
            new("{OriginalFormat}", "a {Template}"),
        ];
        var scopes = new LoggerExternalScopeProvider();
        scopes.Push(new KeyValuePair<string, object?>[] { new("RequestId", "r-1") });
        scopes.Push("a text");

        var line = Written(LogLevel.Warning, values, null, scopes);

        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
        Assert.Equal(
            """
            {"Timestamp":"2026-11-23T09:05:07.042Z","EventId":7,"LogLevel":"Warning","Category":"category","Message":"a message",
            "State":{"Route":"/api/v1/query","Status":200,"Milliseconds":1.5,"Bytes":1099511627776,"Known":true,"Nobody":null,
            "Long":"00:01:00"},"Scopes":[{"RequestId":"r-1"},"a text"]}
            """.ReplaceLineEndings("") + "\n",
            line
        );
    }

    /// <summary>Otherwise line breaks and quotes in logged text could forge log lines.</summary>
    [Fact]
    public void Every_log_entry_is_one_line()
    {
        var line = Written(
            LogLevel.Error,
            new KeyValuePair<string, object?>[] { new("Name", "a\n\"b\u2028\u001b[31m\0") },
            new InvalidOperationException("first\nsecond"),
            null
        );

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line, character => character is < ' ' and not '\n' or > '~');
        using var json = JsonDocument.Parse(line);
        Assert.Equal("a\n\"b\u2028\u001b[31m\0", json.RootElement.GetProperty("State").GetProperty("Name").GetString());
        Assert.Contains("first\nsecond", json.RootElement.GetProperty("Exception").GetString(), StringComparison.Ordinal);
        Assert.False(json.RootElement.TryGetProperty("Scopes", out _));
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void A_number_that_JSON_cannot_represent_is_written_as_text(double number, string text)
    {
        using var json = JsonDocument.Parse(
            Written(LogLevel.Information, new KeyValuePair<string, object?>[] { new("Number", number) }, null, null)
        );

        Assert.Equal(text, json.RootElement.GetProperty("State").GetProperty("Number").GetString());
    }

    private static string Written(
        LogLevel level,
        KeyValuePair<string, object?>[] state,
        Exception? exception,
        IExternalScopeProvider? scopes
    )
    {
        var line = new ArrayBufferWriter<byte>();
        var entry = new LogEntry<KeyValuePair<string, object?>[]>(level, "category", 7, state, exception, (_, _) => "a message");
        new JsonLineFormatter(Time).Write(entry, scopes, line);
        return System.Text.Encoding.UTF8.GetString(line.WrittenSpan);
    }
}
