using System.ComponentModel.DataAnnotations;
using AivenMetrics.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Hosting;

/// <summary>Describes a role: its name, its options and its services. Everything else is common to all roles.</summary>
/// <param name="Name">Command and section name, such as <c>broker</c>.</param>
/// <param name="Description">One sentence for <c>--help</c>.</param>
/// <param name="Section">Configuration section.</param>
/// <param name="DefaultListen">Default address for clients; null if the role has no clients.</param>
/// <param name="DefaultInternalListen">Default address of health checks and metrics.</param>
/// <param name="Secrets">Keys below the section that hold secrets and can be read from files.</param>
/// <param name="Options">Command-line options for the most common keys.</param>
/// <param name="AddServices">Registers the services of the role.</param>
/// <param name="MapEndpoints">Maps the endpoints for clients; null if the role has none.</param>
/// <param name="MapInternalEndpoints">Maps additional endpoints of the internal listener.</param>
/// <param name="HasOwnRequestMetrics">
/// True if the role measures its requests itself, so that the instrumentation of ASP.NET Core and HttpClient is not added.
/// </param>
/// <param name="UsesInlineSocketCompletions">
/// True if its requests wait only for sockets and compute briefly, so that they can run on socket threads (see
/// <see cref="InlineSocketCompletions"/>).
/// </param>
/// <param name="SupportsHttp2">True if the role can also serve HTTP/2 at <see cref="HostingOptions.Http2Listen"/>.</param>
/// <param name="Rules">
/// Validation rules that the options cannot have themselves, because they need other parts of the role; null for none.
/// </param>
internal sealed record Role<TOptions>(
    string Name,
    string Description,
    string Section,
    string? DefaultListen,
    string DefaultInternalListen,
    IReadOnlyList<string> Secrets,
    IReadOnlyList<ConfigurationOption> Options,
    Action<IServiceCollection, TOptions> AddServices,
    Action<WebApplication>? MapEndpoints,
    Action<IApplicationBuilder>? MapInternalEndpoints = null,
    bool HasOwnRequestMetrics = false,
    bool UsesInlineSocketCompletions = false,
    bool SupportsHttp2 = false,
    Func<TOptions, IEnumerable<ValidationResult>>? Rules = null
)
    where TOptions : class, new();
