using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using AivenMetrics.Authentication;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Configuration;
using AivenMetrics.Gateway.Destinations;
using AivenMetrics.Gateway.Forwarding;
using AivenMetrics.Gateway.HealthChecks;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Pipeline;
using AivenMetrics.Gateway.Responses;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway;

/// <summary>Puts a gateway together.</summary>
public static class GatewayServices
{
    private const string VersionHeader = "X-AivenMetrics-Prometheus-Version";
    private const int GatewayIdBytes = 16;

    // A typo is no attack: the first failures of a source are told at once.
    private const int FailuresWithoutDelay = 3;

    /// <summary>
    /// Adds the gateway's services, its background work and its health check, named <c>gateway</c>. Time is the registered
    /// <see cref="TimeProvider"/>, or the system's if there is none.
    /// </summary>
    /// <param name="services">Where to add them.</param>
    /// <param name="options">Valid options.</param>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);

        services.AddSingleton<CredentialStore>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton(provider => new FailedLoginThrottle(FailuresWithoutDelay, provider.GetRequiredService<TimeProvider>()));
        if (string.IsNullOrEmpty(options.TenantsFile))
        {
            AddCredentialFeed(services, options);
        }
        else
        {
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<CredentialFileSource>(provider, options.TenantsFile));
        }

        services.AddSingleton(UpstreamClient.CreateInvoker());
        services.AddSingleton<DestinationPool>();
        services.AddSingleton<HedgingBudget>();
        services.AddSingleton<UpstreamClient>();
        services.AddHostedService<HealthProber>();
        services.AddHostedService<HistoryMonitor>();

        services.AddSingleton<TenantLimitsProvider>();
        services.AddSingleton<TenantRegistry>();
        services.AddHostedService(provider => provider.GetRequiredService<TenantRegistry>());
        services.AddSingleton<ConcurrencyLimits>();

        services.AddSingleton<TenantMetricsEndpoint>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<LocalResponses>();
        services.AddSingleton<ResponseFilter>();
        services.AddSingleton<CorsPolicy>();
        services.AddSingleton<GatewayEndpoint>();
        services.AddHealthChecks().AddCheck<ReadinessCheck>("gateway");
        services.Configure<LoggerFilterOptions>(SuppressServerRequestLog);
        return services;
    }

    /// <summary>
    /// Handles every request that comes so far: the gateway refuses itself what it does not serve. Its table of routes is its own, so
    /// none of the framework's is asked.
    /// </summary>
    /// <param name="app">Where to handle them.</param>
    public static void MapGateway(this IApplicationBuilder app) =>
        app.Run(app.ApplicationServices.GetRequiredService<GatewayEndpoint>().HandleAsync);

    /// <summary>Serves the usage of each tenant on <c>/metrics/tenants</c>; for the internal listener, never for tenants.</summary>
    /// <param name="app">Where to serve it.</param>
    public static void UseTenantMetrics(this IApplicationBuilder app)
    {
        var metrics = app.ApplicationServices.GetRequiredService<TenantMetricsEndpoint>();
        app.Map("/metrics/tenants", branch => branch.Run(metrics.WriteAsync));
    }

    /// <summary>The server's own line for each request holds the whole URL, and with it the query: the gateway writes its own line.</summary>
    private static void SuppressServerRequestLog(LoggerFilterOptions filter)
    {
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null));
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Routing.EndpointMiddleware", LogLevel.Warning, null));
    }

    private static void AddCredentialFeed(IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(provider =>
        {
            var destinations = provider.GetRequiredService<DestinationPool>();
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GatewayIdBytes));
            var feed = Feeds.Credentials(new Uri(options.FeedUrl!), options.FeedToken!) with
            {
                LastGoodFile = string.IsNullOrEmpty(options.LastGoodFile) ? null : options.LastGoodFile,
                ConfigureHeaders = headers =>
                {
                    headers.TryAddWithoutValidation(Feeds.GatewayHeader, id);
                    if (destinations.LowestVersion() is { } version)
                    {
                        headers.TryAddWithoutValidation(VersionHeader, version);
                    }
                },
            };
            return new FeedClient<CredentialFeed>(
                Feeds.CreateHttpClient(),
                feed,
                provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<FeedClient<CredentialFeed>>>(),
                provider.GetRequiredService<IMeterFactory>()
            );
        });
        services.AddHostedService<CredentialFeedSource>();
    }

    /// <summary>Ready means: tenants are known and at least one Prometheus is usable. Those that are not are named either way.</summary>
    private sealed class ReadinessCheck(LocalResponses local, CredentialStore tenants, DestinationPool destinations) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(
                local.IsReady ? HealthCheckResult.Healthy(destinations.DescribeUnusable())
                : tenants.Current is null ? HealthCheckResult.Unhealthy("no tenants were read yet")
                : HealthCheckResult.Unhealthy($"no Prometheus is usable: {destinations.DescribeUnusable()}")
            );
    }
}
