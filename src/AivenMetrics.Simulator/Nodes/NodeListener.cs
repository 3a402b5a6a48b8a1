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

/// <summary>What a node answers at this moment.</summary>
/// <param name="Certificate">The TLS certificate it shows.</param>
/// <param name="Username">Basic authentication, from the integration's endpoint.</param>
/// <param name="Password">Basic authentication, from the integration's endpoint.</param>
/// <param name="Facts">What its metrics tell.</param>
internal sealed record NodePicture(SslStreamCertificateContext Certificate, string Username, string Password, NodeFacts Facts);

/// <summary>The metrics listener of one node: a small server of its own, so that it opens and closes like a machine.</summary>
internal sealed class NodeListener : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly Func<NodePicture?> look;
    private readonly NodeMetrics metrics;

    private NodeListener(IPAddress address, Func<NodePicture?> look, NodeMetrics metrics)
    {
        (this.look, this.metrics) = (look, metrics);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton<IHostLifetime, OwnedByTheSimulator>();
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(address, NodeAddresses.MetricsPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = ChooseCertificate });
            });
        });
        server = builder.Build();
        server.Run(Serve);
    }

    /// <summary>Opens the port.</summary>
    /// <param name="address">The node's address.</param>
    /// <param name="look">The node as it is now; null when it has just gone.</param>
    /// <param name="metrics">Writes the metrics page.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task<NodeListener> Open(
        IPAddress address, Func<NodePicture?> look, NodeMetrics metrics, CancellationToken cancellation)
    {
        var listener = new NodeListener(address, look, metrics);
        try
        {
            await listener.server.StartAsync(cancellation);
            return listener;
        }
        catch
        {
            await listener.server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Closes the port and every connection; a machine that goes away does not wait for its clients.</summary>
    public async ValueTask DisposeAsync()
    {
        await server.StopAsync(new CancellationToken(canceled: true));
        await server.DisposeAsync();
    }

    private ValueTask<SslServerAuthenticationOptions> ChooseCertificate(TlsHandshakeCallbackContext handshake) =>
        look() is { } picture
            ? ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = picture.Certificate })
            : throw new IOException("The node has gone.");

    private Task Serve(HttpContext context)
    {
        if (look() is not { } picture)
        {
            context.Abort();
            return Task.CompletedTask;
        }

        if (!IsAllowed(context.Request.Headers.Authorization.ToString(), picture))
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"prometheus\"";
            return Answer(context, StatusCodes.Status401Unauthorized, "text/plain; charset=utf-8", "Not authorized\n");
        }

        return context.Request.Path.Value switch
        {
            "/metrics" => Answer(context, StatusCodes.Status200OK, "text/plain; version=0.0.4; charset=utf-8", metrics.Page(picture.Facts)),
            "/" => Answer(context, StatusCodes.Status200OK, "text/html; charset=utf-8", "<a href=\"/metrics\">Metrics</a>\n"),
            _ => Answer(context, StatusCodes.Status404NotFound, "text/plain; charset=utf-8", "404 page not found\n"),
        };
    }

    private static bool IsAllowed(string authorization, NodePicture picture)
    {
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{picture.Username}:{picture.Password}"));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(authorization), Encoding.UTF8.GetBytes(expected));
    }

    private static Task Answer(HttpContext context, int status, string type, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    // The default lifetime would take part in the process's signals once per node.
    private sealed class OwnedByTheSimulator : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
