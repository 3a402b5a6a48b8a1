using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace AivenMetrics.Testing.Gateway;

/// <summary>One request as the gateway sent it.</summary>
public sealed record ReceivedRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, StringValues> Headers,
    IReadOnlyDictionary<string, StringValues> Parameters,
    byte[] Body
)
{
    public string? Query => Parameters.TryGetValue("query", out var query) ? query.ToString() : null;

    public string?[] Matches => Parameters.TryGetValue("match[]", out var matches) ? matches.ToArray() : [];

    public string?[] MatchTarget => Parameters.TryGetValue("match_target", out var matches) ? matches.ToArray() : [];
}

/// <summary>A fake Prometheus: real Kestrel on a free port with scripted responses, which records the requests.</summary>
public sealed class ScriptedPrometheus : IAsyncDisposable
{
    public const string EmptyVector = """{"status":"success","data":{"resultType":"vector","result":[]}}""";

    private readonly WebApplication _app;

    private ScriptedPrometheus(WebApplication app) => _app = app;

    /// <summary>All requests except the gateway's own probes, in order of arrival.</summary>
    public ConcurrentQueue<ReceivedRequest> Requests { get; } = [];

    /// <summary>Writes the response to everything except build information. Default: an empty vector.</summary>
    public Func<HttpContext, Task> Respond { get; set; } = context => WriteAsync(context, 200, EmptyVector);

    /// <summary>The reported version; null: build information and readiness answer 503, like a server that is starting.</summary>
    public string? Version { get; set; } = "2.42.0+ds";

    /// <summary>
    /// The number of series in the response to the count before a federation, which is not recorded; null: as <see cref="Respond"/>.
    /// </summary>
    public int? FederatedSeries { get; set; } = 1;

    /// <summary>Replaces the body of the build information; null: the body of a query engine.</summary>
    public string? BuildInfo { get; set; }

    /// <summary>If set, the server accepts every request and answers none until this is completed, like a stopped process.</summary>
    public TaskCompletionSource? Hang { get; set; }

    /// <summary>Delays each probe, not other requests. Default: no delay.</summary>
    public Func<Task> BeforeProbe { get; set; } = () => Task.CompletedTask;

    /// <summary>The status of <c>/-/ready</c>; 404: an engine without that path.</summary>
    public int ReadinessStatus { get; set; } = 200;

    /// <summary>The reported age of the newest sample in seconds; null: no samples.</summary>
    public double? NewestSampleAge { get; set; } = 1;

    /// <summary>Returns whether a time, in seconds since 1970, has samples. The gateway queries a grid of times.</summary>
    public Func<double, bool> HasSamplesAt { get; set; } = _ => true;

    /// <summary>The status of the response to the gateway's query of a grid.</summary>
    public int HistoryStatus { get; set; } = 200;

    public string Url => _app.Urls.Single();

    public ReceivedRequest SingleRequest => Assert.Single(Requests);

    public static async Task<ScriptedPrometheus> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var prometheus = new ScriptedPrometheus(app);
        app.Run(prometheus.HandleAsync);
        await app.StartAsync();
        return prometheus;
    }

    /// <summary>Responds with this data in the format of the Prometheus HTTP API.</summary>
    public void RespondWithData(string data) => Respond = context => WriteAsync(context, 200, $$"""{"status":"success","data":{{data}}}""");

    public static async Task WriteAsync(HttpContext context, int status, string json, string contentType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync(json);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        if (Hang is { } hang)
        {
            await hang.Task.WaitAsync(context.RequestAborted);
        }
        if (context.Request.Path.Value!.EndsWith("/-/ready", StringComparison.Ordinal))
        {
            await BeforeProbe();
            await WriteAsync(context, Version is null ? 503 : ReadinessStatus, "", "text/plain");
            return;
        }

        if (context.Request.Path.Value!.EndsWith("/status/buildinfo", StringComparison.Ordinal))
        {
            await (
                Version is null
                    ? WriteAsync(context, 503, "Service Unavailable", "text/plain")
                    : WriteAsync(
                        context,
                        200,
                        BuildInfo
                            ?? """{"status":"success","data":{"version":"@","features":{"x":"true"}}}""".Replace(
                                "@",
                                Version,
                                StringComparison.Ordinal
                            )
                    )
            );
            return;
        }

        using var bytes = new MemoryStream();
        await context.Request.Body.CopyToAsync(bytes);
        var body = context.Request.HasFormContentType ? QueryHelpers.ParseQuery(Encoding.UTF8.GetString(bytes.ToArray())) : [];
        var parameters = QueryHelpers
            .ParseQuery(context.Request.QueryString.Value)
            .Concat(body)
            .GroupBy(p => p.Key, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => new StringValues([.. g.SelectMany(p => p.Value)]), StringComparer.Ordinal);
        if (
            FederatedSeries is not null
            && parameters.TryGetValue("query", out var query)
            && query.ToString().StartsWith("(count(", StringComparison.Ordinal)
        )
        {
            await WriteAsync(
                context,
                200,
                $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"{{{FederatedSeries}}}"]}]}}"""
            );
            return;
        }

        if (parameters.TryGetValue("query", out var own) && own.ToString().Contains("aiven_project!=", StringComparison.Ordinal))
        {
            await AnswerGatewayAsync(context, parameters);
            return;
        }

        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        Requests.Enqueue(
            new ReceivedRequest(
                context.Request.Method,
                path,
                context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase),
                parameters,
                bytes.ToArray()
            )
        );
        await Respond(context);
    }

    /// <summary>Answers the gateway's own queries: the age of the newest sample, and the times that have one.</summary>
    private Task AnswerGatewayAsync(HttpContext context, Dictionary<string, StringValues> parameters)
    {
        if (!parameters.TryGetValue("step", out var step))
        {
            return WriteAsync(
                context,
                200,
                NewestSampleAge is not { } age
                    ? EmptyVector
                    : Data("vector", string.Create(CultureInfo.InvariantCulture, $$"""{"metric":{},"value":[0,"{{age}}"]}"""))
            );
        }

        if (HistoryStatus != 200)
        {
            return WriteAsync(context, HistoryStatus, "", "text/plain");
        }
        var (start, end, width) = (Number(parameters["start"]), Number(parameters["end"]), Number(step));
        var values =
            from i in Enumerable.Range(0, (int)((end - start) / width) + 1)
            let at = start + (i * width)
            from newest in Enumerable.Range(0, 300).Select(back => at - back).Where(HasSamplesAt).Take(1)
            select string.Create(CultureInfo.InvariantCulture, $"[{at:F3},\"{newest:F3}\"]");
        return WriteAsync(context, 200, Data("matrix", $$"""{"metric":{},"values":[{{string.Join(',', values)}}]}"""));

        static string Data(string type, string series) =>
            $$$"""{"status":"success","data":{"resultType":"{{{type}}}","result":[{{{series}}}]}}""";

        static double Number(StringValues text) => double.Parse(text.ToString(), CultureInfo.InvariantCulture);
    }
}
