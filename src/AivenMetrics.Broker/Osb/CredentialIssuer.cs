using System.Text.Json;
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
            var read = JsonSerializer.Serialize(await Read(instance, binding, ct), OsbJson.Default.CredentialSnapshot);
            kept = await bindings.SaveSnapshot(binding.InstanceId, binding.BindingId, read, ct);
        }

        if (kept is null)
            return null;
        var snapshot = JsonSerializer.Deserialize(kept, OsbJson.Default.CredentialSnapshot)
            ?? throw new InvalidDataException("The snapshot of a binding is null.");
        return Write(instance, binding, snapshot);
    }

    private Credentials Write(InstanceRecord instance, BindingRecord binding, CredentialSnapshot snapshot)
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
                Describe(instance, snapshot),
                ScopeMatchers.Of(instance.PlanScope, instance.Owner, binding.ServiceInstanceIds)),
            snapshot.Services,
            GrafanaDatasource.Yaml(
                $"Aiven metrics ({instance.InstanceName ?? instance.InstanceId.Value})",
                url,
                binding.Username,
                password,
                snapshot.PrometheusVersion),
            snapshot.PrometheusVersion);
    }

    private static string Describe(InstanceRecord instance, CredentialSnapshot snapshot) => instance.PlanScope switch
    {
        PlanScope.Space => $"Every Aiven service of the space {instance.SpaceName ?? instance.Owner.SpaceId}, present and future.",
        _ => $"The Aiven {(snapshot.Services.Count == 1 ? "service" : "services")} "
            + $"{string.Join(", ", snapshot.Services.Select(service => service.Name))}.",
    };

    private async Task<CredentialSnapshot> Read(InstanceRecord instance, BindingRecord binding, CancellationToken ct)
    {
        var services = (await inventory.ServicesOf(instance.Owner, ct))
            .Where(service => projects.Contains(service.Project))
            .Where(service => instance.PlanScope == PlanScope.Space
                || (service.ServiceInstanceId is { } id && binding.ServiceInstanceIds.Contains(id, StringComparer.Ordinal)))
            .Select(service => new ServiceStatus(service.ServiceName, service.ServiceType, service.State, service.Message));
        return new CredentialSnapshot([.. services], await facts.Find(FactStore.PrometheusVersion, ct));
    }
}
