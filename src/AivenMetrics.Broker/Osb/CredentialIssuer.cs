using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Creates the credentials of a binding. Values read at the time of the bind are stored in the row, so that all responses are equal.
/// </summary>
internal sealed class CredentialIssuer(
    BindingStore bindings,
    InventoryStore inventory,
    ReportedValueStore reportedValues,
    BindingSecrets secrets,
    Uri gateway,
    IReadOnlyList<AivenProject> projects
)
{
    /// <summary>Returns the credentials of a successful binding; null if it no longer exists.</summary>
    public async Task<Credentials?> IssueAsync(InstanceRecord instance, BindingRecord binding, CancellationToken cancellationToken)
    {
        var snapshot = binding.Snapshot;
        if (snapshot is null)
        {
            var current = await ReadSnapshotAsync(instance, binding, cancellationToken);
            snapshot = await bindings.SaveSnapshotAsync(binding.InstanceId, binding.BindingId, current.ToJson(), cancellationToken);
        }

        return snapshot is null ? null : CreateCredentials(instance, binding, BindingSnapshot.FromJson(snapshot));
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
        return new BindingSnapshot([.. services], await reportedValues.FindAsync(ReportedValueStore.PrometheusVersion, cancellationToken));
    }
}
