using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>What the broker would answer; a test may answer something else instead.</summary>
internal sealed record Reply(int Status, JsonNode? Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Sent instead of the body.</summary>
    public string? Raw { get; init; }

    public static Reply Error(int status, string description, string? code = null)
    {
        var body = new JsonObject { ["description"] = description };
        if (code is not null)
            body["error"] = code;
        return new(status, body);
    }
}

/// <summary>A request as the broker has read it.</summary>
internal sealed record Request(string Method, string[] Segments, IQueryCollection Query, IHeaderDictionary Headers)
{
    public bool Incomplete => Query["accepts_incomplete"] == "true";

    /// <summary>Such as <c>PUT binding</c>, <c>GET instance operation</c>, <c>GET catalog</c>.</summary>
    public string Name => $"{Method} {(Segments.Length > 1 && Segments[1] == "catalog" ? "catalog" : Segments.Contains("service_bindings") ? "binding" : "instance")}{(Segments[^1] == "last_operation" ? " operation" : "")}";
}

/// <summary>
/// A service broker that conforms, on a real Kestrel, with nothing behind it: what the strict platform must find nothing wrong with.
/// <see cref="Misbehave"/> spoils its answers one by one.
/// </summary>
internal sealed class TinyBroker : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TinyState state;
    private readonly Lock gate = new();

    private TinyBroker(WebApplication app, bool asynchronous) => (this.app, state) = (app, new TinyState(asynchronous));

    public Uri Url => new(app.Urls.First());

    /// <summary>What is answered instead.</summary>
    public Func<Request, Reply, Reply> Misbehave { get; set; } = (_, reply) => reply;

    /// <summary>The requests so far, such as <c>PUT instance 201</c>.</summary>
    public List<string> Seen { get; } = [];

    public JsonObject Catalog => state.Catalog;

    /// <summary>How many instances and bindings there are.</summary>
    public int Held => state.Held;

    public static async Task<TinyBroker> Start(bool asynchronous = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var broker = new TinyBroker(app, asynchronous);
        app.Run(broker.Serve);
        await app.StartAsync();
        return broker;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task Serve(HttpContext context)
    {
        string target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        string[] segments = [.. target.Trim('/').Split('/').Select(Uri.UnescapeDataString)];
        var request = new Request(context.Request.Method, segments, context.Request.Query, context.Request.Headers);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        string body = await reader.ReadToEndAsync();
        Reply reply;
        lock (gate)
        {
            reply = Misbehave(request, Echo(request, Answer(request, body)));
            Seen.Add($"{request.Name} {reply.Status}");
        }

        context.Response.StatusCode = reply.Status;
        foreach ((string name, string value) in reply.Headers)
            context.Response.Headers[name] = value;
        if ((reply.Raw ?? reply.Body?.ToJsonString()) is { Length: > 0 } text && reply.Status != 304)
        {
            if (!reply.Headers.ContainsKey("Content-Type"))
                context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(text);
        }
    }

    private static Reply Echo(Request request, Reply reply)
    {
        if (request.Headers["X-Broker-API-Request-Identity"].ToString() is { Length: > 0 } identity)
            reply.Headers["X-Broker-API-Request-Identity"] = identity;
        return reply;
    }

    private Reply Answer(Request request, string body)
    {
        string authorization = request.Headers.Authorization.ToString();
        string[] parts = authorization.Split(' ', 2);
        if (parts.Length != 2 || !parts[0].Equals("basic", StringComparison.OrdinalIgnoreCase) || parts[1] != Convert.ToBase64String("broker:secret"u8))
            return Reply.Error(401, "Wrong user or password.") with { Headers = new() { ["WWW-Authenticate"] = "Basic realm=\"tiny\"" } };
        string[] version = request.Headers["X-Broker-API-Version"].ToString().Split('.');
        if (version.Length != 2 || version[0] != "2" || !version[1].All(char.IsAsciiDigit))
            return Reply.Error(412, "This broker speaks 2.x.");
        if (request.Segments.Any(segment => segment.Contains('\0') || segment.Contains('\uFFFD') || segment.Length > 1000))
            return Reply.Error(400, "The id cannot be used.");
        return state.Answer(request, body);
    }
}
