using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using AivenMetrics.Broker.Aiven;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Tests.Broker.Aiven;

/// <summary>A received request.</summary>
public sealed record ReceivedRequest(string Method, string Target, string Authorization, string Body);

/// <summary>A fake Aiven API with scripted responses. Each request takes the next response; the last one is repeated.</summary>
public sealed class ScriptedAiven : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Func<HttpContext, Task>> _answers = new();
    private Func<HttpContext, Task> _last = context => JsonAsync(context, 200, """{"services":[]}""");

    private ScriptedAiven(WebApplication app) => _app = app;

    public ConcurrentQueue<ReceivedRequest> Requests { get; } = new();

    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<ScriptedAiven> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseKestrel(kestrel => kestrel.AddServerHeader = false);
        var aiven = new ScriptedAiven(builder.Build());
        aiven._app.Run(aiven.ServeAsync);
        await aiven._app.StartAsync();
        return aiven;
    }

    public ScriptedAiven Answers(int status, string body, string type = "application/json", string? retryAfter = null) =>
        Does(context =>
        {
            if (retryAfter is not null)
            {
                context.Response.Headers.RetryAfter = retryAfter;
            }
            return JsonAsync(context, status, body, type);
        });

    public ScriptedAiven Does(Func<HttpContext, Task> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    /// <summary>Accepts a request and never responds.</summary>
    public ScriptedAiven Hangs() =>
        Does(context => Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));

    /// <summary>Accepts a request and closes the connection.</summary>
    public ScriptedAiven Breaks() =>
        Does(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

    internal AivenClient Client(Action<AivenOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new AivenOptions
        {
            ApiUrl = Url,
            Token = "token-that-must-not-leak",
            RetryDelay = TimeSpan.FromMilliseconds(1),
            TryTimeout = TimeSpan.FromSeconds(10),
            RequestsPerMinute = 100_000,
            Projects = { "demo" },
        };
        configure?.Invoke(options);
        return new AivenClient(
            new AivenTransport(
                AivenTransport.CreateHttpClient(),
                options,
                time ?? TimeProvider.System,
                new AivenClientMetrics(new TestMeterFactory())
            )
        );
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        Requests.Enqueue(
            new(
                context.Request.Method,
                context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
                context.Request.Headers.Authorization.ToString(),
                await body.ReadToEndAsync()
            )
        );
        if (_answers.TryDequeue(out var next))
        {
            _last = next;
        }
        await _last(context);
    }

    private static async Task JsonAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    }
}

/// <summary>A meter factory without listeners.</summary>
public sealed class TestMeterFactory : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose() { }
}
