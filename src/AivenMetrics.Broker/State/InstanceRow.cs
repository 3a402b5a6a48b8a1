namespace AivenMetrics.Broker.State;

/// <summary>A row of <c>service_instance</c>, as mapped by Dapper.</summary>
internal sealed class InstanceRow
{
    public string InstanceId { get; init; } = "";

    public string ServiceId { get; init; } = "";

    public string PlanId { get; init; } = "";

    public string PlanScope { get; init; } = "";

    public string OrganizationId { get; init; } = "";

    public string SpaceId { get; init; } = "";

    public string? OrganizationName { get; init; }

    public string? SpaceName { get; init; }

    public string? InstanceName { get; init; }

    public string Parameters { get; init; } = "";

    public long CreatedAt { get; init; }

    public string Platform { get; init; } = "";

    public string Annotations { get; init; } = "";

    public string? MaintenanceVersion { get; init; }

    public long ContextAt { get; init; }

    public static InstanceRow FromRecord(InstanceRecord record) =>
        new()
        {
            InstanceId = record.InstanceId.Value,
            ServiceId = record.ServiceId,
            PlanId = record.PlanId,
            PlanScope = record.PlanScope.ToText(),
            OrganizationId = record.Owner.OrganizationId,
            SpaceId = record.Owner.SpaceId,
            OrganizationName = record.OrganizationName,
            SpaceName = record.SpaceName,
            InstanceName = record.InstanceName,
            Parameters = record.Parameters,
            CreatedAt = record.CreatedAt.ToUnixMilliseconds(),
            Platform = record.Platform,
            Annotations = record.Annotations,
            MaintenanceVersion = record.MaintenanceVersion,
            ContextAt = record.ContextAt.ToUnixMilliseconds(),
        };

    public InstanceRecord ToRecord() =>
        new(
            new InstanceId(InstanceId),
            ServiceId,
            PlanId,
            DatabaseValues.ToPlanScope(PlanScope),
            new OwningSpace(OrganizationId, SpaceId),
            OrganizationName,
            SpaceName,
            InstanceName,
            Parameters,
            DatabaseValues.FromUnixMilliseconds(CreatedAt)
        )
        {
            Platform = Platform,
            Annotations = Annotations,
            MaintenanceVersion = MaintenanceVersion,
            ContextAt = DatabaseValues.FromUnixMilliseconds(ContextAt),
        };
}
