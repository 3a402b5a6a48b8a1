using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace AivenMetrics.Broker.Aiven;

/// <summary>Registers the Aiven client.</summary>
internal static class AivenServiceCollectionExtensions
{
    /// <summary>Registers <see cref="AivenClient"/>. The process has one connection pool and one rate limit.</summary>
    public static IServiceCollection AddAiven(this IServiceCollection services, AivenOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(provider => new AivenClient(
            new AivenTransport(
                AivenTransport.CreateHttpClient(),
                options,
                provider.GetRequiredService<TimeProvider>(),
                new AivenClientMetrics(provider.GetRequiredService<IMeterFactory>())
            )
        ));
        return services;
    }
}
