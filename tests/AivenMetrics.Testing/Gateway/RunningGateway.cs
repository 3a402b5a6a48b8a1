using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Gateway;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>A gateway on real Kestrel with a tenants file of its own.</summary>
public sealed class RunningGateway : IAsyncDisposable
{
    /// <summary>A tenant with the scope <c>space_id="a"</c>. Its password contains a colon.</summary>
    public static readonly (string Username, string Password) TenantA = ("tenant-a", "secret-of-a:x");

    /// <summary>A tenant whose scope is the two instances <c>one</c> and <c>two.x</c>.</summary>
    public static readonly (string Username, string Password) ServicesTenant = ("tenant-services", "secret-of-services");

    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });

    private readonly WebApplication _app;
    private readonly string _folder;

    private RunningGateway(WebApplication app, string folder) => (_app, _folder) = (app, folder);

    public string Url => _app.Urls.Single();

    public string TenantsFile => Path.Combine(_folder, "tenants.json");

    public IServiceProvider Provider => _app.Services;

    /// <summary>Every log line, formatted, with its exception.</summary>
    public ConcurrentQueue<string> Log { get; } = [];

    public static string Hash(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));

    public static string Tenant((string Username, string Password) who, string matchers, string? notAfter = null)
    {
        var hash = Hash(who.Password);
        var end = notAfter is null ? "" : $",\"not_after\":\"{notAfter}\"";
        return $$"""{"username":"{{who.Username}}","secret_sha256":"{{hash}}","matchers":{{matchers}},"plan":"space"{{end}}}""";
    }

    public static string TenantsJson(params string[] tenants) => $$"""{"credentials":[{{string.Join(',', tenants)}}]}""";

    public static string DefaultTenants { get; } =
        TenantsJson(
            Tenant(TenantA, """[{"name":"space_id","type":"=","value":"a"}]"""),
            Tenant(ServicesTenant, """[{"name":"service_instance_id","type":"=~","value":"one|two\\.x"}]""")
        );

    /// <summary>Returns a URL on which nothing listens.</summary>
    public static string ClosedUrl()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    public static Task<RunningGateway> StartAsync(params string[] prometheus) => StartAsync(prometheus, DefaultTenants);

    public static async Task<RunningGateway> StartAsync(
        string[] prometheus,
        string tenants,
        TimeProvider? time = null,
        TimeSpan? timeout = null
    )
    {
        var (folder, file) = await WrittenAsync(tenants);
        return await StartAsync(
            new GatewayOptions
            {
                Prometheus = prometheus,
                TenantsFile = file,
                UpstreamTimeout = timeout ?? TimeSpan.FromSeconds(20),
            },
            folder,
            time
        );
    }

    /// <summary>Starts a gateway with the default tenants; the function gets the path of their file.</summary>
    public static async Task<RunningGateway> StartAsync(Func<string, GatewayOptions> options, TimeProvider? time = null)
    {
        var (folder, file) = await WrittenAsync(DefaultTenants);
        return await StartAsync(options(file), folder, time);
    }

    /// <summary>Starts a gateway that accepts HTTP/2 only, in clear text.</summary>
    public static async Task<RunningGateway> StartOverHttp2Async(string prometheus, TimeProvider? time = null)
    {
        var (folder, file) = await WrittenAsync(DefaultTenants);
        return await StartAsync(new GatewayOptions { Prometheus = [prometheus], TenantsFile = file }, folder, time, HttpProtocols.Http2);
    }

    /// <summary>Starts a gateway with these options; disposing of the gateway deletes the folder.</summary>
    public static async Task<RunningGateway> StartAsync(
        GatewayOptions options,
        string folder,
        TimeProvider? time = null,
        HttpProtocols protocols = HttpProtocols.Http1AndHttp2
    )
    {
        // Tests send requests faster than people: only tests that set limits get any.
        options.Plans.TryAdd(
            "default",
            new TenantLimitsOptions
            {
                RequestsPerSecond = 1_000_000,
                RequestBurst = 1_000_000,
                ConcurrentQueries = 1000,
            }
        );
        Assert.Empty(options.Validate());

        var builder = WebApplication.CreateSlimBuilder();
        var log = new Recorder();
        builder.Logging.ClearProviders().AddProvider(log).SetMinimumLevel(LogLevel.Information);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener => listener.Protocols = protocols));
        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }
        builder.Services.AddGateway(options);
        var app = builder.Build();
        app.MapGateway();
        var gateway = new RunningGateway(app, folder);
        log.Lines = gateway.Log;
        await app.StartAsync();
        return gateway;
    }

    private static async Task<(string Folder, string File)> WrittenAsync(string tenants)
    {
        var folder = Directory.CreateTempSubdirectory("gateway-test-").FullName;
        var file = Path.Combine(folder, "tenants.json");
        await File.WriteAllTextAsync(file, tenants);
        return (folder, file);
    }

    public static AuthenticationHeaderValue Basic((string Username, string Password) who) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{who.Username}:{who.Password}")));

    public Task<HttpResponseMessage> GetAsync(string pathAndQuery) => SendAsync(TenantA, HttpMethod.Get, pathAndQuery);

    public Task<HttpResponseMessage> PostAsync(string path, string form) =>
        SendAsync(TenantA, HttpMethod.Post, path, new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"));

    public async Task<HttpResponseMessage> SendAsync(
        (string Username, string Password)? who,
        HttpMethod method,
        string pathAndQuery,
        HttpContent? content = null,
        params (string Name, string Value)[] headers
    )
    {
        using var message = new HttpRequestMessage(
            method,
            new Uri(Url + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
        );
        message.Content = content;
        message.Headers.Authorization = who is { } known ? Basic(known) : null;
        foreach (var (name, value) in headers)
        {
            message.Headers.TryAddWithoutValidation(name, value);
        }
        return await Http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Sends bytes unchanged and reads until the gateway closes the connection or the timeout passes.</summary>
    public async Task<string> SendRawAsync(byte[] request, TimeSpan? timeoutAfter = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, new Uri(Url).Port);
        var stream = client.GetStream();
        using var timeoutSource = new CancellationTokenSource(timeoutAfter ?? TimeSpan.FromSeconds(10));
        var received = new MemoryStream();
        var reading = stream.CopyToAsync(received, timeoutSource.Token);
        try
        {
            await stream.WriteAsync(request, timeoutSource.Token);
            await reading;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The connection was reset or stays open: the bytes until now are the response.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    /// <summary>Waits until a Prometheus has reported its version.</summary>
    public Task WaitUntilReadyAsync() =>
        WaitUntilAsync(() => Provider.GetRequiredService<DestinationPool>().LowestVersion() is not null, "the first probe");

    /// <summary>Waits up to 30 s for a condition; calls <paramref name="meanwhile"/> before each check.</summary>
    public async Task WaitUntilAsync(Func<bool> condition, string what, Action? meanwhile = null)
    {
        for (var i = 0; i < 1500; i++)
        {
            meanwhile?.Invoke();
            if (condition())
            {
                return;
            }
            await Task.Delay(20);
        }

        Assert.Fail($"{what} did not happen in 30 s. Log:\n{string.Join('\n', Log)}");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; set; } = [];

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
        ) => Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}
