using AivenMetrics.Authentication;
using AivenMetrics.Broker.Authentication;
using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Osb;

/// <summary>Registers the handlers of the OSB endpoints.</summary>
internal static class OsbServiceCollectionExtensions
{
    /// <param name="projects">The configured projects. Rows of other projects in the database are ignored.</param>
    public static IServiceCollection AddOsb(
        this IServiceCollection services,
        BrokerOptions options,
        IReadOnlyList<AivenProject> projects
    ) =>
        services
            .AddSingleton(provider => new ServiceCatalog(options.Catalog, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton(new BrokerUsers(options.Username, options.Password, options.Users))
            .AddSingleton(provider => new FailedLoginThrottle(0, provider.GetRequiredService<TimeProvider>()))
            .AddSingleton<PlatformAuthentication>()
            .AddSingleton<OsbMetrics>()
            .AddSingleton<RejectedRequestAudit>()
            .AddSingleton<OsbPipeline>()
            .AddSingleton<BindingSecrets>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<ServiceResolver>(provider, projects))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<BindOutcomeWaiter>(provider, options.BindBudget))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<CredentialIssuer>(provider, new Uri(options.GatewayUrl), projects))
            .AddSingleton<CatalogHandler>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<BindingResponseFactory>(provider, new Uri(options.GatewayUrl)))
            .AddSingleton(new CredentialLifetimePolicy(options.CredentialLifetime))
            .AddSingleton<BindingFactory>()
            .AddSingleton<GatewayAcknowledgementWaiter>()
            .AddSingleton<BindHandler>()
            .AddSingleton(new InstanceResponseFactory(new DashboardUrlTemplate(options.DashboardUrl), new Uri(options.GatewayUrl)))
            .AddSingleton<InstanceHandlers>()
            .AddSingleton<BindingHandlers>();
}
