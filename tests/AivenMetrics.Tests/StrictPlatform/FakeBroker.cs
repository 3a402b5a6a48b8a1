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
internal sealed record FakeResponse(int Status, JsonNode? Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Sent instead of the body.</summary>
    public string? Raw { get; init; }

    public static FakeResponse Error(int status, string description, string? code = null)
    {
        var body = new JsonObject { ["description"] = description };
        if (code is not null)
        {
            body["error"] = code;
        }
        return new(status, body);
    }
}

/// <summary>A request as the broker has read it.</summary>
internal sealed record FakeRequest(string Method, string[] Segments, IQueryCollection Query, IHeaderDictionary Headers)
{
    public bool AcceptsIncomplete => Query["accepts_incomplete"] == "true";

    /// <summary>Such as <c>PUT binding</c>, <c>GET instance operation</c>, <c>GET catalog</c>.</summary>
    public string Name =>
        $"{Method} {(Segments.Length > 1 && Segments[1] == "catalog" ? "catalog" : Segments.Contains("service_bindings") ? "binding" : "instance")}{(Segments[^1] == "last_operation" ? " operation" : "")}";
}

/// <summary>
/// A service broker that conforms, on a real Kestrel, with nothing behind it: what the strict platform must find nothing wrong with.
/// <see cref="ChangeResponse"/> spoils its answers one by one.
/// </summary>
internal sealed class FakeBroker : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly FakeBrokerState _state;
    private readonly Lock _gate = new();

    private FakeBroker(WebApplication app, bool asynchronous) => (this._app, _state) = (app, new FakeBrokerState(asynchronous));

    public Uri Url => new(_app.Urls.First());

    /// <summary>What is answered instead.</summary>
    public Func<FakeRequest, FakeResponse, FakeResponse> ChangeResponse { get; set; } = (_, reply) => reply;

    /// <summary>The requests so far, such as <c>PUT instance 201</c>.</summary>
    public List<string> Requests { get; } = [];

    public JsonObject Catalog => _state.Catalog;

    /// <summary>How many instances and bindings there are.</summary>
    public int ResourceCount => _state.ResourceCount;

    public static async Task<FakeBroker> StartAsync(bool asynchronous = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var broker = new FakeBroker(app, asynchronous);
        app.Run(broker.ServeAsync);
        await app.StartAsync();
        return broker;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        string[] segments = [.. target.Trim('/').Split('/').Select(Uri.UnescapeDataString)];
        var request = new FakeRequest(context.Request.Method, segments, context.Request.Query, context.Request.Headers);
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        FakeResponse reply;
        lock (_gate)
        {
            reply = ChangeResponse(request, Echo(request, Respond(request, body)));
            Requests.Add($"{request.Name} {reply.Status}");
        }

        context.Response.StatusCode = reply.Status;
        foreach ((var name, var value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }
        if ((reply.Raw ?? reply.Body?.ToJsonString()) is { Length: > 0 } text && reply.Status != 304)
        {
            if (!reply.Headers.ContainsKey("Content-Type"))
            {
                context.Response.ContentType = "application/json";
            }
            await context.Response.WriteAsync(text);
        }
    }

    private static FakeResponse Echo(FakeRequest request, FakeResponse reply)
    {
        if (request.Headers["X-Broker-API-Request-Identity"].ToString() is { Length: > 0 } identity)
        {
            reply.Headers["X-Broker-API-Request-Identity"] = identity;
        }
        return reply;
    }

    private FakeResponse Respond(FakeRequest request, string body)
    {
        var authorization = request.Headers.Authorization.ToString();
        var parts = authorization.Split(' ', 2);
        if (
            parts.Length != 2
            || !parts[0].Equals("basic", StringComparison.OrdinalIgnoreCase)
            || parts[1] != Convert.ToBase64String("broker:secret"u8)
        )
        {
            return FakeResponse.Error(401, "Wrong user or password.") with
            {
                Headers = new() { ["WWW-Authenticate"] = "Basic realm=\"tiny\"" },
            };
        }
        var version = request.Headers["X-Broker-API-Version"].ToString().Split('.');
        if (version.Length != 2 || version[0] != "2" || !version[1].All(char.IsAsciiDigit))
        {
            return FakeResponse.Error(412, "This broker speaks 2.x.");
        }
        if (request.Segments.Any(segment => segment.Contains('\0') || segment.Contains('\uFFFD') || segment.Length > 1000))
        {
            return FakeResponse.Error(400, "The id cannot be used.");
        }
        return _state.Respond(request, body);
    }
}
