namespace AivenMetrics.Broker.State;

/// <summary>Id of a ServiceInstance, chosen by the platform. Any characters are allowed.</summary>
public readonly record struct InstanceId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Id of a ServiceBinding, chosen by the platform. Unique only within its instance.</summary>
public readonly record struct BindingId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Name of an Aiven project, at most 63 characters.</summary>
public readonly record struct AivenProject(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>
/// The organization and space that own an instance or a service. For tenants, it is always taken from the instance, never from a request.
/// </summary>
public readonly record struct OwningSpace(string OrganizationId, string SpaceId)
{
    /// <summary>
    /// Returns the owner for a Kubernetes namespace. The space contains the cluster id too, because namespaces of two clusters may have the
    /// same name. Null if the namespace contains a slash, which no valid namespace does and which would make the cluster ambiguous.
    /// </summary>
    public static OwningSpace? OfNamespace(string clusterId, string name) =>
        name.Contains('/', StringComparison.Ordinal) ? null : new(clusterId, $"{clusterId}/{name}");
}
