using AivenMetrics.Broker.State;

namespace AivenMetrics.Broker.Osb;

/// <summary>
/// Writes the credentials of a binding. What was read when the bind succeeded is kept in the row, so every answer is equal.
/// </summary>
internal sealed class CredentialIssuer(
    BindingStore bindings, InventoryStore inventory, FactStore facts, BindingSecrets secrets, Uri gateway,
    IReadOnlyList<AivenProject> projects)
{
    /// <summary>The credentials of a binding that succeeded; null when it is gone.</summary>
    public async Task<Credentials?> Issue(InstanceRecord instance, BindingRecord binding, CancellationToken ct)
    {
        var kept = binding.Snapshot;
        if (kept is null)
        {
            var read = await Read(instance, binding, ct);
            kept = await bindings.SaveSnapshot(binding.InstanceId, binding.BindingId, read.Json(), ct);
        }

        return kept is null ? null : Write(instance, binding, BindingSnapshot.Of(kept));
    }

    private Credentials Write(InstanceRecord instance, BindingRecord binding, BindingSnapshot snapshot)
    {
        var url = gateway.AbsoluteUri.TrimEnd('/');
        var password = secrets.Password(binding);
        var authority = $"{gateway.Scheme}://{Uri.EscapeDataString(binding.Username)}:{Uri.EscapeDataString(password)}@";
        return new Credentials(
            url,
            binding.Username,
            password,
            authority + url[(gateway.Scheme.Length + 3)..],
            new CredentialScope(
                Describe(instance, binding, snapshot),
                ScopeMatchers.Of(binding.PlanScope, instance.Owner, binding.ServiceInstanceIds)),
            snapshot.Services,
            GrafanaDatasource.Yaml(
                $"Aiven metrics ({instance.InstanceName ?? instance.InstanceId.Value})",
                url,
                binding.Username,
                password,
                snapshot.PrometheusVersion),
            snapshot.PrometheusVersion);
    }

    private static string Describe(InstanceRecord instance, BindingRecord binding, BindingSnapshot snapshot) => binding.PlanScope switch
    {
        PlanScope.Space => $"Every Aiven service of the space {instance.SpaceName ?? instance.Owner.SpaceId}, present and future.",
        _ => $"The Aiven {(snapshot.Services.Count == 1 ? "service" : "services")} "
            + $"{string.Join(", ", snapshot.Services.Select(service => service.Name))}.",
    };

    private async Task<BindingSnapshot> Read(InstanceRecord instance, BindingRecord binding, CancellationToken ct)
    {
        var services = (await inventory.ServicesOf(instance.Owner, ct))
            .Where(service => projects.Contains(service.Project))
            .Where(service => binding.PlanScope == PlanScope.Space
                || (service.ServiceInstanceId is { } id && binding.ServiceInstanceIds.Contains(id, StringComparer.Ordinal)))
            .Select(service => new ServiceStatus(service.ServiceName, service.ServiceType, service.State, service.Message));
        return new BindingSnapshot([.. services], await facts.Find(FactStore.PrometheusVersion, ct));
    }
}
