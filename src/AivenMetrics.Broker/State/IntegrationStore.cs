namespace AivenMetrics.Broker.State;

/// <summary>The integrations to our endpoint that we asked for or found.</summary>
public sealed class IntegrationStore(Database database)
{
    private const string Columns =
        "project, service_name, integration_id, created_by_us, requested_at, unneeded_since, attempts, due_at";

    /// <summary>The project's integrations, sorted by service name.</summary>
    public async Task<IReadOnlyList<IntegrationRecord>> OfProject(AivenProject project, CancellationToken ct)
    {
        var rows = await database.Query<Row>(
            $"SELECT {Columns} FROM service_integration WHERE project = @project", new { project = project.Value }, ct);
        return [.. rows.Select(row => row.Record()).OrderBy(record => record.ServiceName, StringComparer.Ordinal)];
    }

    /// <summary>Inserts or replaces the whole row.</summary>
    public Task Save(IntegrationRecord integration, CancellationToken ct) => database.Execute(
        $"""
        INSERT INTO service_integration ({Columns})
        VALUES (@Project, @ServiceName, @IntegrationId, @CreatedByUs, @RequestedAt, @UnneededSince, @Attempts, @DueAt)
        ON CONFLICT (project, service_name) DO UPDATE SET
          integration_id = excluded.integration_id,
          created_by_us = excluded.created_by_us,
          requested_at = excluded.requested_at,
          unneeded_since = excluded.unneeded_since,
          attempts = excluded.attempts,
          due_at = excluded.due_at
        """,
        Row.Of(integration),
        ct);

    /// <summary>Forgets the integration of a service; nothing happens when there is none.</summary>
    public Task Delete(AivenProject project, string serviceName, CancellationToken ct) => database.Execute(
        "DELETE FROM service_integration WHERE project = @project AND service_name = @serviceName",
        new { project = project.Value, serviceName },
        ct);

    private sealed class Row
    {
        public string Project { get; init; } = "";

        public string ServiceName { get; init; } = "";

        public string? IntegrationId { get; init; }

        public int CreatedByUs { get; init; }

        public long RequestedAt { get; init; }

        public long? UnneededSince { get; init; }

        public int Attempts { get; init; }

        public long DueAt { get; init; }

        public static Row Of(IntegrationRecord record) => new()
        {
            Project = record.Project.Value,
            ServiceName = record.ServiceName,
            IntegrationId = record.IntegrationId,
            CreatedByUs = record.CreatedByUs ? 1 : 0,
            RequestedAt = record.RequestedAt.Milliseconds(),
            UnneededSince = record.UnneededSince?.Milliseconds(),
            Attempts = record.Attempts,
            DueAt = record.DueAt.Milliseconds(),
        };

        public IntegrationRecord Record() => new(
            new AivenProject(Project),
            ServiceName,
            IntegrationId,
            CreatedByUs == 1,
            Words.Time(RequestedAt),
            Words.Time(UnneededSince),
            Attempts,
            Words.Time(DueAt));
    }
}
