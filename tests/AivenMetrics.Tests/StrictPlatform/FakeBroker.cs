using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Tests.StrictPlatform;

/// <summary>A response of the fake broker, which a test can replace.</summary>
internal sealed record FakeResponse(int Status, JsonNode? Body)
{
    public Dictionary<string, string> Headers { get; init; } = [];

    /// <summary>Text that replaces the body; null to send the body.</summary>
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

/// <summary>A request that the broker has parsed.</summary>
internal sealed record FakeRequest(string Method, string[] Segments, IQueryCollection Query, IHeaderDictionary Headers)
{
    public bool AcceptsIncomplete => Query["accepts_incomplete"] == "true";

    /// <summary>Method and resource, such as <c>PUT binding</c>, <c>GET instance operation</c>, <c>GET catalog</c>.</summary>
    public string Name => $"{Method} {Resource}{(Segments[^1] == "last_operation" ? " operation" : "")}";

    private string Resource =>
        Segments.Length > 1 && Segments[1] == "catalog" ? "catalog"
        : Segments.Contains("service_bindings") ? "binding"
        : "instance";
}

/// <summary>
/// A conforming service broker in memory, on Kestrel. The strict platform must report no violations. <see cref="ChangeResponse"/> can
/// replace any response.
/// </summary>
internal sealed class FakeBroker : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly FakeBrokerState _state;
    private readonly Lock _gate = new();

    private FakeBroker(WebApplication app, bool asynchronous) => (_app, _state) = (app, new FakeBrokerState(asynchronous));

    public Uri Url => new(_app.Urls.First());

    /// <summary>Returns the response to send, given the request and the conforming response.</summary>
    public Func<FakeRequest, FakeResponse, FakeResponse> ChangeResponse { get; set; } = (_, reply) => reply;

    /// <summary>The requests so far with their statuses, such as <c>PUT instance 201</c>.</summary>
    public List<string> Requests { get; } = [];

    public JsonObject Catalog => _state.Catalog;

    /// <summary>The number of instances and bindings.</summary>
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
            return FakeResponse.Error(412, "This broker supports version 2.x.");
        }
        if (request.Segments.Any(segment => segment.Contains('\0') || segment.Contains('\uFFFD') || segment.Length > 1000))
        {
            return FakeResponse.Error(400, "The id cannot be used.");
        }
        return _state.Respond(request, body);
    }
}
