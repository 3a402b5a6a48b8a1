using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using AivenMetrics.Discovery;
using AivenMetrics.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Testing.Discovery;

/// <summary>Runs the discovery role in its own host, as the executable composes it.</summary>
internal sealed class RunningDiscovery : IAsyncDisposable
{
    public const string Password = "scrape-pass-word-9";
    public const string Token = "feed-token-5";

    private static readonly string Ca = CreateCa();

    private readonly IHost _host;
    private readonly string _folder;

    private RunningDiscovery(IHost host, string folder, ConcurrentQueue<string> log)
    {
        _host = host;
        _folder = folder;
        Log = log;
    }

    public ConcurrentQueue<string> Log { get; }

    public static async Task<RunningDiscovery> StartAsync(string folder, Uri broker, string dns, Action<DiscoveryOptions>? change = null)
    {
        var options = new DiscoveryOptions
        {
            FeedUrl = broker.ToString(),
            FeedToken = Token,
            Directory = folder,
            DnsServer = dns,
            DnsTimeout = TimeSpan.FromMilliseconds(200),
            ResolveInterval = TimeSpan.FromMilliseconds(150),
        };
        change?.Invoke(options);
        Assert.Empty(options.Validate());
        var log = new ConcurrentQueue<string>();
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Logging.AddProvider(new QueueLogger(log));
        builder.Services.AddDiscovery(options);
        var host = builder.Build();
        await host.StartAsync();
        return new(host, folder, log);
    }

    /// <summary>Returns a feed of one or more projects as JSON.</summary>
    public static string FeedOf(params ProjectTargets[] projects) => JsonSerializer.Serialize(new(projects), FeedJson.Default.TargetFeed);

    public static ProjectTargets Project(string name, params (string Service, string Type)[] services) =>
        new(
            name,
            true,
            Ca,
            new("prometheus", Password),
            [
                .. services.Select(service => new ServiceTargets(
                    service.Service,
                    [new($"{service.Service}.test", 9273, "/metrics")],
                    new Dictionary<string, string> { ["aiven_service_type"] = service.Type, ["space_id"] = "s-1" }
                )),
            ]
        );

    public static ProjectTargets NotReady(string name) => new(name, false, null, null, []);

    /// <summary>Reads a file. A cycle writes its files one after the other, so this file may appear a moment after the first one.</summary>
    public string Read(params string[] path)
    {
        var file = Path.Combine([_folder, .. path]);
        SpinWait.SpinUntil(() => File.Exists(file), TimeSpan.FromSeconds(5));
        return File.ReadAllText(file);
    }

    /// <summary>Returns the addresses in a project's target file, or null if there is no file.</summary>
    public string[]? Targets(string project) => TargetsIn(_folder, project);

    public static string[]? TargetsIn(string folder, string project)
    {
        var path = Path.Combine(folder, "targets", project + ".json");
        if (!File.Exists(path))
        {
            return null;
        }
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        return
        [
            .. document
                .RootElement.EnumerateArray()
                .SelectMany(group => group.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetString()!),
        ];
    }

    public async Task<bool> IsReadyAsync() =>
        (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status == HealthStatus.Healthy;

    public static async Task WaitUntilAsync(Func<bool> condition, string what = "the expected state")
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Waited 15 s for {what} without success.");
            await Task.Delay(20);
        }
    }

    /// <summary>Waits long enough for several cycles.</summary>
    public static Task WaitForSomeCyclesAsync() => Task.Delay(TimeSpan.FromSeconds(1));

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    private static string CreateCa()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test project CA", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
        return certificate.ExportCertificatePem();
    }

    private sealed class QueueLogger(ConcurrentQueue<string> log) : ILoggerProvider, ILogger
    {
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
        ) => log.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

        public void Dispose()
        {
            // Nothing to release.
        }
    }
}
