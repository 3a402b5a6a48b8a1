using System.ComponentModel.DataAnnotations;
using AivenMetrics.Hosting.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace AivenMetrics.Hosting;

/// <summary>What makes a role: its name, its options and how it is composed. Everything else is the same for all.</summary>
/// <param name="Name">Command and section name, such as <c>broker</c>.</param>
/// <param name="Description">One sentence for <c>--help</c>.</param>
/// <param name="Section">Configuration section.</param>
/// <param name="DefaultListen">Where its clients find it; null: it serves nobody.</param>
/// <param name="DefaultInternalListen">Where health and metrics are.</param>
/// <param name="Secrets">Keys below the section that are secrets and may be given as files.</param>
/// <param name="Options">Command-line options for the most used keys.</param>
/// <param name="AddServices">Registers the role's services.</param>
/// <param name="MapEndpoints">Maps its routes.</param>
/// <param name="MapInternalEndpoints">Maps what only operators and their Prometheus reach, on the internal listener.</param>
/// <param name="HasOwnRequestMetrics">It counts and times the requests it serves and sends itself: the framework need not do it again.</param>
/// <param name="UsesInlineSocketCompletions">Its requests wait for nothing but sockets and compute briefly, so they may run where their bytes arrive (see <see cref="InlineSocketCompletions"/>).</param>
/// <param name="SupportsHttp2">It can serve its clients by HTTP/2 too, at <see cref="HostingOptions.Http2Listen"/>.</param>
/// <param name="Rules">Validation rules that the options cannot have themselves, because they need other parts of the role; null for none.</param>
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
