using System.Data.Common;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using AivenMetrics.Hosting.Logging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace AivenMetrics.Hosting;

/// <summary>Runs a role as a process: listeners, logs, request ids, health checks, metrics and graceful shutdown.</summary>
internal static class RoleHost
{
    /// <summary>
    /// Longer than a request can take (a bind: 20 s by default), and shorter than the 30 s that Kubernetes allows by default.
    /// </summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(25);

    /// <summary>Builds the application without starting it.</summary>
    public static WebApplication Build<TOptions>(
        Role<TOptions> role,
        RoleConfiguration<TOptions> configuration,
        LogFormat format,
        LogLevel level
    )
        where TOptions : class, new()
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = $"aiven-metrics-{role.Name}" });
        builder.Configuration.Sources.Clear();
        builder.Logging.AddRoleLogging(format, level);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel => ConfigureListeners(kestrel, configuration.Hosting, role.MapEndpoints is not null));
        if (role.UsesInlineSocketCompletions)
        {
            InlineSocketCompletions.Enable(builder.WebHost);
        }

        builder.Services.Configure<SocketTransportOptions>(sockets =>
            ListenSocketErrors.DescribeFailures(sockets, role.Section, configuration.Hosting)
        );
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHealthChecks();
        builder
            .Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService($"aiven-metrics-{role.Name}", serviceVersion: Version))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter("AivenMetrics.*").AddRuntimeInstrumentation().AddPrometheusExporter();
                if (!role.HasOwnRequestMetrics)
                {
                    metrics.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation();
                }
            });
        role.AddServices(builder.Services, configuration.Options);

        var app = builder.Build();
        app.UseInternalListener(role.MapInternalEndpoints);
        app.UseRequestIds();
        role.MapEndpoints?.Invoke(app);
        return app;
    }

    /// <summary>Starts the role, logs its addresses and waits for a signal to stop.</summary>
    /// <returns>0 after a graceful stop; 1 if the role could not start or failed.</returns>
    public static async Task<int> RunAsync(WebApplication app, string name, string? addressesFile)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("AivenMetrics");
        try
        {
            await app.StartAsync();
            var addresses = GetAddresses(app, name);
            logger.RoleStarted(name, Version, DescribeListeners(addresses), $"{addresses["internal"]}");
            WriteAddresses(addressesFile, addresses);
            await app.WaitForShutdownAsync();
            logger.RoleStopped(name);
            return 0;
        }
        catch (DbException exception)
        {
            logger.DatabaseUnavailable(name, DatabaseReason.Of(exception));
            return 1;
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or UnauthorizedAccessException or InvalidDataException)
        {
            logger.StartFailed(name, exception.Message);
            return 1;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            logger.RoleFailed(exception, name);
            return 1;
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    internal static string Version => typeof(RoleHost).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    private static void ConfigureListeners(KestrelServerOptions kestrel, HostingOptions hosting, bool servesClients)
    {
        kestrel.AddServerHeader = false;
        if (servesClients && HostingOptions.ParseEndPoint(hosting.Listen) is { } endPoint)
        {
            kestrel.Listen(endPoint);
        }

        if (servesClients && HostingOptions.ParseEndPoint(hosting.Http2Listen) is { } http2)
        {
            kestrel.Listen(http2, listener => listener.Protocols = HttpProtocols.Http2);
        }

        kestrel.Listen(HostingOptions.ParseEndPoint(hosting.InternalListen)!, listener => listener.MarkInternal());
    }

    /// <summary>Returns the addresses in the order of <see cref="ConfigureListeners"/>, with the ports that the system selected.</summary>
    private static JsonObject GetAddresses(WebApplication app, string name)
    {
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToList();
        var addresses = new JsonObject { ["role"] = name, ["pid"] = Environment.ProcessId };
        if (bound.Count > 1)
        {
            addresses["listen"] = bound[0];
        }

        if (bound.Count > 2)
        {
            addresses["http2_listen"] = bound[1];
        }

        addresses["internal"] = bound[^1];
        return addresses;
    }

    private static string DescribeListeners(JsonObject addresses) =>
        (addresses["listen"]?.ToString() ?? "nothing") + (addresses["http2_listen"] is { } http2 ? $" and, by HTTP/2, {http2}" : "");

    private static void WriteAddresses(string? file, JsonObject addresses)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            var temporary = file + ".new";
            File.WriteAllText(temporary, addresses.ToJsonString() + "\n");
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException(
                $"--addresses-file names {file}, which cannot be written ({exception.Message.TrimEnd('.')}): name a file in a "
                    + "writable folder.",
                exception
            );
        }
    }
}
