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
using AivenMetrics.Gateway.Scoping;
using AivenMetrics.Gateway.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway;

/// <summary>Composes the gateway.</summary>
public static class GatewayServiceCollectionExtensions
{
    private const string VersionHeader = "X-AivenMetrics-Prometheus-Version";
    private const int GatewayIdBytes = 16;

    // The first failures of an address are not delayed, because a typo is no attack.
    private const int FailuresWithoutDelay = 3;

    /// <summary>
    /// Adds the services of the gateway, its background services and its health check, named <c>gateway</c>. The clock is the registered
    /// <see cref="TimeProvider"/>, or that of the system if there is none.
    /// </summary>
    /// <param name="services">The service collection.</param>
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
        services.AddSingleton<GatewayGauges>();
        services.AddSingleton<ScopedRequestFactory>();
        services.AddSingleton<FederationSeriesCheck>();
        services.AddSingleton<LocalResponses>();
        services.AddSingleton<ResponseFilter>();
        services.AddSingleton<QueueAdmission>();
        services.AddSingleton<ForwardingHandler>();
        services.AddSingleton<FilteringHandler>();
        services.AddSingleton<CorsPolicy>();
        services.AddSingleton<GatewayEndpoint>();
        services.AddHealthChecks().AddCheck<ReadinessCheck>("gateway");
        services.Configure<LoggerFilterOptions>(SuppressServerRequestLog);
        return services;
    }

    /// <summary>
    /// Handles every request that reaches it. The gateway rejects unknown paths itself: it has a route table of its own and uses no
    /// endpoint routing (docs/decisions/0015-a-route-table-of-our-own.md).
    /// </summary>
    /// <param name="app">The application.</param>
    public static void MapGateway(this IApplicationBuilder app)
    {
        // Nothing else requires the gauges, which register themselves.
        app.ApplicationServices.GetRequiredService<GatewayGauges>();
        app.Run(app.ApplicationServices.GetRequiredService<GatewayEndpoint>().HandleAsync);
    }

    /// <summary>Serves the usage of each tenant on <c>/metrics/tenants</c>, for the internal listener only.</summary>
    /// <param name="app">The application.</param>
    public static void UseTenantMetrics(this IApplicationBuilder app)
    {
        var metrics = app.ApplicationServices.GetRequiredService<TenantMetricsEndpoint>();
        app.Map("/metrics/tenants", branch => branch.Run(metrics.WriteAsync));
    }

    /// <summary>
    /// Disables the request log of ASP.NET Core, which contains the whole URL and with it the query. The gateway logs requests itself.
    /// </summary>
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

    /// <summary>
    /// The gateway is ready if credentials are loaded and at least one Prometheus server is usable. Unusable servers are listed in either
    /// case.
    /// </summary>
    private sealed class ReadinessCheck(LocalResponses local, CredentialStore credentials, DestinationPool destinations) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(
                local.IsReady ? HealthCheckResult.Healthy(destinations.DescribeUnusable())
                : credentials.Current is null ? HealthCheckResult.Unhealthy("no credentials are loaded yet")
                : HealthCheckResult.Unhealthy($"no Prometheus is usable: {destinations.DescribeUnusable()}")
            );
    }
}
