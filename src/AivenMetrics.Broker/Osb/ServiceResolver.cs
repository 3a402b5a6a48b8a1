using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Resolves names given by a tenant to GUIDs of Aiven services in the tenant's own space (docs/decisions/0001-founding-decisions.md,
/// section 2).
/// </summary>
internal sealed class ServiceResolver(
    InventoryStore inventory,
    StateSignals signals,
    TimeProvider time,
    IReadOnlyList<AivenProject> projects
)
{
    // A service that was just created may be missing from the last inventory, so one new inventory is awaited.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns the GUIDs of the services, distinct and sorted; empty if no name is given.</summary>
    /// <exception cref="OsbException">A name matches no service of the owner, or several.</exception>
    public async Task<IReadOnlyList<string>> ResolveAsync(
        OwningSpace owner,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken
    )
    {
        if (names.Count == 0)
        {
            return [];
        }
        var startedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var notified = false;
        while (true)
        {
            var seen = signals.ObservedStateChanged.Version;
            // The age is read before the list, so that the list cannot be older.
            var age = await inventory.OldestInventoryTimeAsync(projects, cancellationToken);
            // Services of projects that are no longer configured are ignored.
            var ownServices = (await inventory.ServicesOfOwnerAsync(owner, cancellationToken))
                .Where(service => projects.Contains(service.Project))
                .ToList();
            var missing = names.Where(name => !FindMatches(ownServices, name).Any()).ToList();
            if (missing.Count == 0)
            {
                return
                [
                    .. names.Select(name => ResolveOne(ownServices, name)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
                ];
            }

            var remaining = Timeout - time.GetElapsedTime(start);
            if (age > startedAt)
            {
                throw new OsbException(OsbErrors.ServicesNotFound(missing));
            }
            if (remaining <= TimeSpan.Zero)
            {
                throw new OsbException(age is null ? OsbErrors.InventoryUnavailable : OsbErrors.ServicesNotFound(missing));
            }
            if (!notified)
            {
                signals.DesiredStateChanged.Notify();
            }
            notified = true;
            await signals.ObservedStateChanged.WaitAsync(seen, remaining < PollInterval ? remaining : PollInterval, cancellationToken);
        }
    }

    private static string ResolveOne(List<AivenServiceRecord> ownServices, string name)
    {
        var ids = FindMatches(ownServices, name).Distinct(StringComparer.Ordinal).ToList();
        return ids.Count == 1
            ? ids[0]
            : throw new OsbException(OsbErrors.BadRequest($"The space has several Aiven services named '{name}'. Use the instance GUID."));
    }

    /// <summary>
    /// Returns the GUIDs that match a name. A GUID takes precedence over a service name. Services without a GUID cannot be distinguished in
    /// the metrics.
    /// </summary>
    private static IEnumerable<string> FindMatches(List<AivenServiceRecord> ownServices, string name) =>
        ownServices.Any(service => service.ServiceInstanceId == name)
            ? [name]
            : ownServices.Where(service => service.ServiceName == name).Select(service => service.ServiceInstanceId).OfType<string>();
}
