namespace AivenMetrics.Broker.State;

/// <summary>Stores the integrations with the broker's endpoint, requested or found.</summary>
public sealed class IntegrationStore(Database database)
{
    private const string Columns = "project, service_name, integration_id, created_by_us, requested_at, unneeded_since, attempts, due_at";

    /// <summary>Returns the integrations of a project, sorted by service name.</summary>
    public async Task<IReadOnlyList<IntegrationRecord>> OfProjectAsync(AivenProject project, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<Row>(
            $"SELECT {Columns} FROM service_integration WHERE project = @project",
            new { project = project.Value },
            cancellationToken
        );
        return [.. rows.Select(row => row.ToRecord()).OrderBy(record => record.ServiceName, StringComparer.Ordinal)];
    }

    /// <summary>Inserts or replaces the row.</summary>
    public Task SaveAsync(IntegrationRecord integration, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
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
            Row.FromRecord(integration),
            cancellationToken
        );

    /// <summary>Deletes the integration of a service, if there is one.</summary>
    public Task DeleteAsync(AivenProject project, string serviceName, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            "DELETE FROM service_integration WHERE project = @project AND service_name = @serviceName",
            new { project = project.Value, serviceName },
            cancellationToken
        );

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

        public static Row FromRecord(IntegrationRecord record) =>
            new()
            {
                Project = record.Project.Value,
                ServiceName = record.ServiceName,
                IntegrationId = record.IntegrationId,
                CreatedByUs = record.CreatedByUs ? 1 : 0,
                RequestedAt = record.RequestedAt.ToUnixMilliseconds(),
                UnneededSince = record.UnneededSince?.ToUnixMilliseconds(),
                Attempts = record.Attempts,
                DueAt = record.DueAt.ToUnixMilliseconds(),
            };

        public IntegrationRecord ToRecord() =>
            new(
                new AivenProject(Project),
                ServiceName,
                IntegrationId,
                CreatedByUs == 1,
                DatabaseValues.FromUnixMilliseconds(RequestedAt),
                DatabaseValues.FromUnixMilliseconds(UnneededSince),
                Attempts,
                DatabaseValues.FromUnixMilliseconds(DueAt)
            );
    }
}
