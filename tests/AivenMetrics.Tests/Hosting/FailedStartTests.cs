using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using AivenMetrics.Hosting;
using AivenMetrics.Hosting.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Tests.Hosting;

public sealed class FailedStartTests
{
    /// <summary>An address reserved for documentation (RFC 5737), which no host uses.</summary>
    private const string ForeignUrl = "http://192.0.2.1:8080";

    private const string FreeUrl = "http://127.0.0.1:0";

    private sealed class NoOptions;

    [Theory]
    [InlineData("Gateway", ForeignUrl, FreeUrl, "Gateway:Listen")]
    [InlineData("Gateway", FreeUrl, ForeignUrl, "Gateway:InternalListen")]
    [InlineData("Discovery", null, ForeignUrl, "Discovery:InternalListen")]
    public async Task An_address_of_another_host_is_one_sentence_with_the_key_and_the_remedy(
        string section,
        string? listen,
        string internalListen,
        string key
    ) =>
        Assert.Equal(
            $"Critical: a-role cannot start: {key} is {ForeignUrl}, which is not an address of this host: "
                + $"set {key} to an address of this host, or to 0.0.0.0 for all addresses.",
            await FailedStartAsync(section, listen, internalListen)
        );

    [Theory]
    [InlineData("Listen")]
    [InlineData("Http2Listen")]
    [InlineData("InternalListen")]
    public async Task A_port_in_use_is_one_sentence_with_the_key_and_the_remedy(string name)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        (var taken, var key) = ($"http://{other.LocalEndpoint}", $"Gateway:{name}");

        Assert.Equal(
            $"Critical: a-role cannot start: {key} is {taken}, which another process listens on: "
                + $"stop that process, or set {key} to another port.",
            await FailedStartAsync(
                "Gateway",
                name == "Listen" ? taken : FreeUrl,
                name == "InternalListen" ? taken : FreeUrl,
                http2Listen: name == "Http2Listen" ? taken : null
            )
        );
    }

    [Fact]
    public async Task An_addresses_file_that_cannot_be_written_is_one_sentence_with_the_option_and_the_remedy()
    {
        var line = await FailedStartAsync("Broker", FreeUrl, FreeUrl, addressesFile: "/nowhere/addresses");

        Assert.StartsWith(
            "Critical: a-role cannot start: --addresses-file names /nowhere/addresses, which cannot be written (",
            line,
            StringComparison.Ordinal
        );
        Assert.EndsWith("): name a file in a writable folder.", line, StringComparison.Ordinal);
    }

    /// <summary>Starts a role that fails to start and returns the only line that it logs.</summary>
    private static async Task<string> FailedStartAsync(
        string section,
        string? listen,
        string internalListen,
        string? addressesFile = null,
        string? http2Listen = null
    )
    {
        var role = new Role<NoOptions>(
            "a-role",
            "",
            section,
            listen,
            internalListen,
            [],
            [],
            (_, _) => { },
            listen is null ? null : _ => { }
        );
        var hosting = new HostingOptions
        {
            Listen = listen,
            Http2Listen = http2Listen,
            InternalListen = internalListen,
        };
        var app = RoleHost.Build(role, new RoleConfiguration<NoOptions>(new(), hosting, [], []), LogFormat.Json, LogLevel.Critical);
        using var log = new Recorder();
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(log);

        Assert.Equal(1, await RoleHost.RunAsync(app, role.Name, addressesFile));
        return Assert.Single(log.Lines);
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Enqueue($"{logLevel}: {formatter(state, exception)}{exception}");

        public void Dispose() { }
    }
}
