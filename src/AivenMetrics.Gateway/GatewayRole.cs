using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using AivenMetrics.Access;
using AivenMetrics.Feed;
using AivenMetrics.Gateway.Authentication;
using AivenMetrics.Gateway.Failover;
using AivenMetrics.Gateway.Filtering;
using AivenMetrics.Gateway.Limits;
using AivenMetrics.Gateway.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Gateway;

/// <summary>Puts a gateway together.</summary>
public static class GatewayRole
{
    private const string VersionHeader = "X-AivenMetrics-Prometheus-Version";
    private const int GatewayIdBytes = 16;

    // A typo is no attack: the first failures of a source are told at once.
    private const int FreeFailures = 3;

    /// <summary>
    /// Adds the gateway's services, its background work and its health check, named <c>gateway</c>. Time is the registered
    /// <see cref="TimeProvider"/>, or the system's if there is none.
    /// </summary>
    /// <param name="services">Where to add them.</param>
    /// <param name="options">Options without <see cref="GatewayOptions.Faults"/>.</param>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);

        services.AddSingleton<Tenants>();
        services.AddSingleton<Authenticator>();
        services.AddSingleton(provider => new FailedLogins(FreeFailures, provider.GetRequiredService<TimeProvider>()));
        if (string.IsNullOrEmpty(options.TenantsFile))
            AddTenantsFeed(services, options);
        else
            services.AddHostedService(provider => ActivatorUtilities.CreateInstance<TenantsFileSource>(provider, options.TenantsFile));

        services.AddSingleton(Upstream.CreateInvoker());
        services.AddSingleton<Destinations>();
        services.AddSingleton<Hedging>();
        services.AddSingleton<Upstream>();
        services.AddHostedService<Prober>();
        services.AddHostedService<HistoryWatch>();

        services.AddSingleton<Plans>();
        services.AddSingleton<TenantLedger>();
        services.AddHostedService(provider => provider.GetRequiredService<TenantLedger>());
        services.AddSingleton<Gates>();

        services.AddSingleton<TenantMetrics>();
        services.AddSingleton<GatewayMetrics>();
        services.AddSingleton<LocalAnswers>();
        services.AddSingleton<FilteredAnswers>();
        services.AddSingleton<Cors>();
        services.AddSingleton<GatewayEndpoint>();
        services.AddHealthChecks().AddCheck<Readiness>("gateway");
        services.Configure<LoggerFilterOptions>(QuietTheServer);
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
        var metrics = app.ApplicationServices.GetRequiredService<TenantMetrics>();
        app.Map("/metrics/tenants", branch => branch.Run(metrics.WriteAsync));
    }

    /// <summary>The server's own line for each request holds the whole URL, and with it the query: the gateway writes its own line.</summary>
    private static void QuietTheServer(LoggerFilterOptions filter)
    {
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None, null));
        filter.Rules.Add(new LoggerFilterRule(null, "Microsoft.AspNetCore.Routing.EndpointMiddleware", LogLevel.Warning, null));
    }

    private static void AddTenantsFeed(IServiceCollection services, GatewayOptions options)
    {
        services.AddSingleton(provider =>
        {
            var destinations = provider.GetRequiredService<Destinations>();
            var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(GatewayIdBytes));
            var feed = Feeds.Credentials(new Uri(options.FeedUrl!), options.FeedToken!) with
            {
                LastGoodFile = string.IsNullOrEmpty(options.LastGoodFile) ? null : options.LastGoodFile,
                Headers = headers =>
                {
                    headers.TryAddWithoutValidation(Feeds.GatewayHeader, id);
                    if (destinations.LowestVersion() is { } version)
                        headers.TryAddWithoutValidation(VersionHeader, version);
                },
            };
            return new FeedClient<CredentialFeed>(
                Feeds.CreateHttpClient(), feed, provider.GetRequiredService<TimeProvider>(),
                provider.GetRequiredService<ILogger<FeedClient<CredentialFeed>>>(), provider.GetRequiredService<IMeterFactory>());
        });
        services.AddHostedService<TenantsFeedSource>();
    }

    /// <summary>Ready means: tenants are known and at least one Prometheus is usable. Those that are not are named either way.</summary>
    private sealed class Readiness(LocalAnswers local, Tenants tenants, Destinations destinations) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(local.IsReady ? HealthCheckResult.Healthy(destinations.Unusable())
                : tenants.Current is null ? HealthCheckResult.Unhealthy("no tenants were read yet")
                : HealthCheckResult.Unhealthy($"no Prometheus is usable: {destinations.Unusable()}"));
    }
}
