using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using AivenMetrics.Simulator.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AivenMetrics.Simulator.Nodes;

/// <summary>The state of a node at one moment.</summary>
/// <param name="Certificate">The TLS certificate of the node.</param>
/// <param name="Username">Basic authentication, from the integration's endpoint.</param>
/// <param name="Password">Basic authentication, from the integration's endpoint.</param>
/// <param name="Description">The node as its metrics describe it.</param>
internal sealed record NodeSnapshot(SslStreamCertificateContext Certificate, string Username, string Password, NodeDescription Description);

/// <summary>The metrics listener of one node: a separate server that opens and closes independently of the others.</summary>
internal sealed class NodeListener : IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Func<NodeSnapshot?> _look;
    private readonly NodeMetrics _metrics;

    private NodeListener(IPAddress address, Func<NodeSnapshot?> look, NodeMetrics metrics)
    {
        (_look, _metrics) = (look, metrics);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, ManagedLifetime>();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address, NodeAddresses.MetricsPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = ChooseCertificateAsync });
            });
        });
        _server = builder.Build();
        _server.Run(ServeAsync);
    }

    /// <summary>Opens the port.</summary>
    /// <param name="address">The node's address.</param>
    /// <param name="look">Returns the current state of the node; null if the node no longer exists.</param>
    /// <param name="metrics">Renders the metrics page.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<NodeListener> OpenAsync(
        IPAddress address,
        Func<NodeSnapshot?> look,
        NodeMetrics metrics,
        CancellationToken cancellationToken
    )
    {
        var listener = new NodeListener(address, look, metrics);
        try
        {
            await listener._server.StartAsync(cancellationToken);
            return listener;
        }
        catch
        {
            await listener._server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the port and every connection immediately, as a machine that is terminated does.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _server.DisposeAsync();
    }

    private ValueTask<SslServerAuthenticationOptions> ChooseCertificateAsync(TlsHandshakeCallbackContext handshake) =>
        _look() is { } picture
            ? ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = picture.Certificate })
            : throw new IOException("The node has gone.");

    private Task ServeAsync(HttpContext context)
    {
        if (_look() is not { } picture)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        if (!IsAllowed(context.Request.Headers.Authorization.ToString(), picture))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"prometheus\"";
            return WriteResponseAsync(context, StatusCodes.Status401Unauthorized, "text/plain; charset=utf-8", "Not authorized\n");
        }

        return context.Request.Path.Value switch
        {
            "/metrics" => WriteResponseAsync(
                context,
                StatusCodes.Status200OK,
                "text/plain; version=0.0.4; charset=utf-8",
                _metrics.Render(picture.Description)
            ),
            "/" => WriteResponseAsync(context, StatusCodes.Status200OK, "text/html; charset=utf-8", "<a href=\"/metrics\">Metrics</a>\n"),
            _ => WriteResponseAsync(context, StatusCodes.Status404NotFound, "text/plain; charset=utf-8", "404 page not found\n"),
        };
    }

    private static bool IsAllowed(string authorization, NodeSnapshot picture)
    {
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{picture.Username}:{picture.Password}"));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization), Encoding.UTF8.GetBytes(expected));
    }

    private static Task WriteResponseAsync(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    // The default lifetime would register signal handlers once per node.
    private sealed class ManagedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
