using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Testing.Feed;

/// <summary>A broker at the wire that answers as it is told: real Kestrel on port 0, requests recorded.</summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly WebApplication app;
    private volatile TaskCompletionSource news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string body = "";
    private volatile string? entityTag;
    private volatile Func<HttpContext, Task>? misbehaviour;

    private ScriptedBroker(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.First());

    public ConcurrentQueue<(string Path, string? Token, string? IfNoneMatch, string? Prefer, string? Version, string? Gateway)> Requests { get; } = new();

    public static async Task<ScriptedBroker> Start(string body, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var broker = new ScriptedBroker(app);
        broker.Answer(body);
        app.Run(broker.Serve);
        await app.StartAsync();
        return broker;
    }

    /// <summary>From now on the feed is this; waiting requests get it at once.</summary>
    public void Answer(string json, string? tag = null)
    {
        body = json;
        entityTag = tag ?? $"\"{Guid.NewGuid():N}\"";
        misbehaviour = null;
        var signal = news;
        news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    /// <summary>From now on every request ends like this.</summary>
    public void Misbehave(Func<HttpContext, Task> how)
    {
        misbehaviour = how;
        var signal = news;
        news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    public void Fail(int status, string? retryAfter = null) => Misbehave(context =>
    {
        context.Response.StatusCode = status;
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        return context.Response.WriteAsJsonAsync(new { error = "Told", description = "as told" });
    });

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
    }

    private async Task Serve(HttpContext context)
    {
        var headers = context.Request.Headers;
        Requests.Enqueue((context.Request.Path, headers.Authorization, headers.IfNoneMatch, headers["Prefer"],
            headers["X-AivenMetrics-Prometheus-Version"], headers["X-AivenMetrics-Gateway"]));
        if (headers.IfNoneMatch == entityTag && misbehaviour is null && headers["Prefer"].ToString().StartsWith("wait=", StringComparison.Ordinal))
        {
            var wait = TimeSpan.FromSeconds(int.Parse(headers["Prefer"].ToString()[5..]));
            await Task.WhenAny(news.Task, Task.Delay(wait, context.RequestAborted));
        }

        if (misbehaviour is { } how)
        {
            await how(context);
            return;
        }

        context.Response.Headers.ETag = entityTag;
        if (headers.IfNoneMatch == entityTag)
        {
            context.Response.StatusCode = 304;
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(body);
    }
}
