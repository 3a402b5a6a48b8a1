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
public readonly record struct SpaceOwner(string OrganizationId, string SpaceId);
