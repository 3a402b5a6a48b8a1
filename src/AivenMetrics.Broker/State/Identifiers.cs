namespace AivenMetrics.Broker.State;

/// <summary>Id of a ServiceInstance, chosen by the platform; any characters.</summary>
public readonly record struct InstanceId(string Value)
{
    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Id of a ServiceBinding, chosen by the platform; unique only within its instance.</summary>
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

/// <summary>The organization and space that own something: for tenants always taken from the instance, never from input.</summary>
public readonly record struct SpaceOwner(string OrganizationId, string SpaceId)
{
    /// <summary>
    /// The owner that a Kubernetes namespace is: namespaces of two clusters may have one name, so the space names both.
    /// Null when the namespace holds a slash, which no namespace can: the space would no longer tell which cluster it is of.
    /// </summary>
    public static SpaceOwner? OfNamespace(string clusterId, string name) =>
        name.Contains('/', StringComparison.Ordinal) ? null : new(clusterId, $"{clusterId}/{name}");
}
