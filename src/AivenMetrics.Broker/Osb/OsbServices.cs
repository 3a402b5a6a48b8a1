using AivenMetrics.Broker.Catalog;
using AivenMetrics.Broker.State;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Broker.Osb;

/// <summary>Registers the OSB endpoints' handlers.</summary>
internal static class OsbServices
{
    /// <param name="projects">The configured projects: what is left in the database of others is nobody's.</param>
    public static IServiceCollection AddOsb(this IServiceCollection services, BrokerOptions options, IReadOnlyList<AivenProject> projects) =>
        services
            .AddSingleton(new ServiceCatalog(options.Catalog))
            .AddSingleton(new PlatformAuthentication(options.Username, options.Password))
            .AddSingleton<OsbMetrics>()
            .AddSingleton<RefusalTrail>()
            .AddSingleton<OsbPipeline>()
            .AddSingleton<BindingSecrets>()
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<ServiceResolver>(provider, projects))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<BindWaiter>(provider, options.BindBudget))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<CredentialIssuer>(provider, new Uri(options.GatewayUrl), projects))
            .AddSingleton(provider => ActivatorUtilities.CreateInstance<BindingView>(provider, new Uri(options.GatewayUrl)))
            .AddSingleton(new CredentialLives(options.CredentialLifetime))
            .AddSingleton<BindingMaker>()
            .AddSingleton<GatewayWaiter>()
            .AddSingleton<BindHandler>()
            .AddSingleton(new InstanceView(new DashboardUrl(options.DashboardUrl), new Uri(options.GatewayUrl)))
            .AddSingleton<InstanceHandlers>()
            .AddSingleton<BindingHandlers>();
}
