using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Turns the names that a tenant gave into the GUIDs of Aiven services of its own space, and of no other (design decision 2).
/// </summary>
internal sealed class ServiceResolver(
    InventoryStore inventory,
    StateSignals signals,
    TimeProvider time,
    IReadOnlyList<AivenProject> projects
)
{
    // A service that was created a moment ago is in Aiven but not yet in our last inventory: worth one more look.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>GUIDs of the services, each once, sorted; empty when no name was given.</summary>
    /// <exception cref="OsbException">A name stands for no service of the owner, or for several.</exception>
    public async Task<IReadOnlyList<string>> ResolveAsync(
        SpaceOwner owner,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken
    )
    {
        if (names.Count == 0)
        {
            return [];
        }
        var askedAt = time.GetUtcNow();
        var start = time.GetTimestamp();
        var woken = false;
        while (true)
        {
            var seen = signals.ObservedStateChanged.Version;
            // The age is read before the list: a list read after it cannot be older.
            var age = await inventory.OldestInventoryTimeAsync(projects, cancellationToken);
            // What is left of a project that is no longer configured cannot be served any more.
            var own = (await inventory.ServicesOfOwnerAsync(owner, cancellationToken))
                .Where(service => projects.Contains(service.Project))
                .ToList();
            var missing = names.Where(name => !FindMatches(own, name).Any()).ToList();
            if (missing.Count == 0)
            {
                return [.. names.Select(name => ResolveOne(own, name)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            }

            var left = Timeout - time.GetElapsedTime(start);
            if (age > askedAt)
            {
                throw new OsbException(OsbErrors.ServicesNotFound(missing));
            }
            if (left <= TimeSpan.Zero)
            {
                throw new OsbException(age is null ? OsbErrors.InventoryUnavailable : OsbErrors.ServicesNotFound(missing));
            }
            if (!woken)
            {
                signals.DesiredStateChanged.Notify();
            }
            woken = true;
            await signals.ObservedStateChanged.WaitAsync(seen, left < PollInterval ? left : PollInterval, cancellationToken);
        }
    }

    private static string ResolveOne(List<AivenServiceRecord> own, string name)
    {
        var ids = FindMatches(own, name).Distinct(StringComparer.Ordinal).ToList();
        return ids.Count == 1
            ? ids[0]
            : throw new OsbException(
                OsbErrors.BadRequest($"The space has several Aiven services called '{name}': name it by its instance GUID.")
            );
    }

    /// <summary>GUIDs that the name stands for. A GUID beats a name; a service without one cannot be told apart in the metrics.</summary>
    private static IEnumerable<string> FindMatches(List<AivenServiceRecord> own, string name) =>
        own.Any(service => service.ServiceInstanceId == name)
            ? [name]
            : own.Where(service => service.ServiceName == name).Select(service => service.ServiceInstanceId).OfType<string>();
}
