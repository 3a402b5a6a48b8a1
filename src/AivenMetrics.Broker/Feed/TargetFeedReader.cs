using System.Globalization;
using System.Security.Cryptography;
using AivenMetrics.Broker.State;
using AivenMetrics.Feed;
using Microsoft.Extensions.Logging;

namespace AivenMetrics.Broker.Feed;

/// <summary>Reads the content of <c>/feed/v1/targets</c> from the database.</summary>
internal sealed class TargetFeedReader(
    IReadOnlyList<AivenProject> projects,
    InventoryStore inventory,
    InstanceStore instances,
    SecretProtector secrets,
    ILogger<TargetFeedReader> logger
)
{
    /// <summary>Returns all configured projects, sorted. The same state produces the same document.</summary>
    public async Task<TargetFeed> ReadAsync(CancellationToken cancellationToken)
    {
        var names = (await instances.OwnerNamesAsync(cancellationToken)).ToDictionary(names => names.Owner);
        var targets = new List<ProjectTargets>();
        foreach (var project in projects.OrderBy(project => project.Value, StringComparer.Ordinal))
        {
            targets.Add(await ReadProjectAsync(project, names, cancellationToken));
        }
        return new(targets);
    }

    private async Task<ProjectTargets> ReadProjectAsync(
        AivenProject project,
        Dictionary<OwningSpace, OwnerNames> names,
        CancellationToken cancellationToken
    )
    {
        if (
            await inventory.FindProjectAsync(project, cancellationToken) is not { InventoryAt: not null, CaCertificate: { } ca } record
            || DecryptCredentials(record) is not { } credentials
        )
        {
            return new(project.Value, false, null, null, []);
        }
        var services = await inventory.ServicesOfProjectAsync(project, cancellationToken);
        return new(
            project.Value,
            true,
            ca,
            credentials,
            [
                .. services
                    .Where(service => service.IsScraped && service.ScrapeHosts.Count > 0)
                    .OrderBy(service => service.ServiceName, StringComparer.Ordinal)
                    .Select(service => new ServiceTargets(service.ServiceName, HostsOf(service), LabelsOf(service, names))),
            ]
        );
    }

    private ScrapeCredentials? DecryptCredentials(AivenProjectRecord record)
    {
        if (record.ScrapeUsername is not { } user || record.ScrapePassword is not { } password)
        {
            return null;
        }
        try
        {
            return new(user, secrets.Unprotect(password, SecretProtector.ScrapePasswordPurpose));
        }
        catch (CryptographicException exception)
        {
            // The project is reported as not ready, so that discovery keeps its last good targets and updates the other projects.
            logger.ProjectNotReady(record.Project.Value, exception.Message);
            return null;
        }
    }

    private static IReadOnlyList<ScrapeHost> HostsOf(AivenServiceRecord service) =>
        [
            .. service
                .ScrapeHosts.OrderBy(host => host.Host, StringComparer.Ordinal)
                .ThenBy(host => host.Port)
                .Select(host => new ScrapeHost(host.Host, host.Port, host.Path)),
        ];

    // An unknown label is omitted, never empty. Discovery then drops this label from scraped series, so that exporters cannot forge it.
    private static SortedDictionary<string, string> LabelsOf(AivenServiceRecord service, Dictionary<OwningSpace, OwnerNames> names)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["aiven_project"] = service.Project.Value,
            ["aiven_service_name"] = service.ServiceName,
            ["aiven_service_type"] = service.ServiceType,
            ["aiven_plan"] = service.Plan,
            ["aiven_cloud"] = service.CloudName,
            ["aiven_node_count"] = service.NodeCount.ToString(CultureInfo.InvariantCulture),
        };
        var known = service.Owner is { } owner ? names.GetValueOrDefault(owner) : null;
        Add("organization_id", service.Owner?.OrganizationId);
        Add("space_id", service.Owner?.SpaceId);
        Add("service_instance_id", service.ServiceInstanceId);
        Add("organization_name", known?.OrganizationName);
        Add("space_name", known?.SpaceName);
        return labels;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                labels[name] = value;
            }
        }
    }
}
