using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Testing.Feed;

/// <summary>A request that a scripted broker received: its path and the headers that a feed client sends.</summary>
internal sealed record RecordedFeedRequest(
    string Path,
    string? Token,
    string? IfNoneMatch,
    string? Prefer,
    string? Version,
    string? Gateway
);

/// <summary>A scripted broker: real Kestrel on port 0 with recorded requests.</summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly WebApplication _app;
    private volatile TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string _body = "";
    private volatile string? _entityTag;
    private volatile Func<HttpContext, Task>? _misbehaviour;

    private ScriptedBroker(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.First());

    public ConcurrentQueue<RecordedFeedRequest> Requests { get; } = new();

    public static async Task<ScriptedBroker> StartAsync(string body, int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var broker = new ScriptedBroker(app);
        broker.SetFeed(body);
        app.Run(broker.ServeAsync);
        await app.StartAsync();
        return broker;
    }

    /// <summary>Sets the content of the feed. Waiting requests receive it at once.</summary>
    public void SetFeed(string json, string? tag = null)
    {
        _body = json;
        _entityTag = tag ?? $"\"{Guid.NewGuid():N}\"";
        _misbehaviour = null;
        var signal = _news;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    /// <summary>Handles every further request with this function.</summary>
    public void SetHandler(Func<HttpContext, Task> how)
    {
        _misbehaviour = how;
        var signal = _news;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        signal.SetResult();
    }

    public void Fail(int status, string? retryAfter = null) =>
        SetHandler(context =>
        {
            context.Response.StatusCode = status;
            if (retryAfter is not null)
            {
                context.Response.Headers.RetryAfter = retryAfter;
            }
            return context.Response.WriteAsJsonAsync(new { error = "Scripted", description = "A scripted error." });
        });

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        Requests.Enqueue(
            new(
                context.Request.Path,
                headers.Authorization,
                headers.IfNoneMatch,
                headers["Prefer"],
                headers["X-AivenMetrics-Prometheus-Version"],
                headers["X-AivenMetrics-Gateway"]
            )
        );
        if (
            headers.IfNoneMatch == _entityTag
            && _misbehaviour is null
            && headers["Prefer"].ToString().StartsWith("wait=", StringComparison.Ordinal)
        )
        {
            var wait = TimeSpan.FromSeconds(int.Parse(headers["Prefer"].ToString()[5..]));
            await Task.WhenAny(_news.Task, Task.Delay(wait, context.RequestAborted));
        }

        if (_misbehaviour is { } how)
        {
            await how(context);
            return;
        }

        context.Response.Headers.ETag = _entityTag;
        if (headers.IfNoneMatch == _entityTag)
        {
            context.Response.StatusCode = 304;
            return;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        await context.Response.WriteAsync(_body);
    }
}
