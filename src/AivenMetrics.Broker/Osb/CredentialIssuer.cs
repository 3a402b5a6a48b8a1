using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Writes the credentials of a binding. What was read when the bind succeeded is kept in the row, so every answer is equal.
/// </summary>
internal sealed class CredentialIssuer(
    BindingStore bindings,
    InventoryStore inventory,
    FactStore facts,
    BindingSecrets secrets,
    Uri gateway,
    IReadOnlyList<AivenProject> projects
)
{
    /// <summary>The credentials of a binding that succeeded; null when it is gone.</summary>
    public async Task<Credentials?> IssueAsync(InstanceRecord instance, BindingRecord binding, CancellationToken cancellationToken)
    {
        var kept = binding.Snapshot;
        if (kept is null)
        {
            var read = await ReadSnapshotAsync(instance, binding, cancellationToken);
            kept = await bindings.SaveSnapshotAsync(binding.InstanceId, binding.BindingId, read.ToJson(), cancellationToken);
        }

        return kept is null ? null : CreateCredentials(instance, binding, BindingSnapshot.FromJson(kept));
    }

    private Credentials CreateCredentials(InstanceRecord instance, BindingRecord binding, BindingSnapshot snapshot)
    {
        var url = gateway.AbsoluteUri.TrimEnd('/');
        var password = secrets.DecryptPassword(binding);
        var authority = $"{gateway.Scheme}://{Uri.EscapeDataString(binding.Username)}:{Uri.EscapeDataString(password)}@";
        return new Credentials(
            url,
            binding.Username,
            password,
            authority + url[(gateway.Scheme.Length + 3)..],
            new CredentialScope(
                DescribeScope(instance, binding, snapshot),
                ScopeMatchers.Create(binding.PlanScope, instance.Owner, binding.ServiceInstanceIds)
            ),
            snapshot.Services,
            GrafanaDatasource.Yaml(
                $"Aiven metrics ({instance.InstanceName ?? instance.InstanceId.Value})",
                url,
                binding.Username,
                password,
                snapshot.PrometheusVersion
            ),
            snapshot.PrometheusVersion
        );
    }

    private static string DescribeScope(InstanceRecord instance, BindingRecord binding, BindingSnapshot snapshot) =>
        binding.PlanScope switch
        {
            PlanScope.Space => $"Every Aiven service of the space {instance.SpaceName ?? instance.Owner.SpaceId}, present and future.",
            _ => $"The Aiven {(snapshot.Services.Count == 1 ? "service" : "services")} "
                + $"{string.Join(", ", snapshot.Services.Select(service => service.Name))}.",
        };

    private async Task<BindingSnapshot> ReadSnapshotAsync(
        InstanceRecord instance,
        BindingRecord binding,
        CancellationToken cancellationToken
    )
    {
        var services = (await inventory.ServicesOfOwnerAsync(instance.Owner, cancellationToken))
            .Where(service => projects.Contains(service.Project))
            .Where(service =>
                binding.PlanScope == PlanScope.Space
                || (service.ServiceInstanceId is { } id && binding.ServiceInstanceIds.Contains(id, StringComparer.Ordinal))
            )
            .Select(service => new ServiceStatus(service.ServiceName, service.ServiceType, service.State, service.Message));
        return new BindingSnapshot([.. services], await facts.FindAsync(FactStore.PrometheusVersion, cancellationToken));
    }
}
