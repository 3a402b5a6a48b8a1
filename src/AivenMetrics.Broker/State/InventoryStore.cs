namespace AivenMetrics.Broker.State;

/// <summary>Stores the last observed state of Aiven: projects and their services.</summary>
public sealed class InventoryStore(Database database)
{
    private const string ProjectColumns =
        "project, ca_certificate, endpoint_id, scrape_username, scrape_password_ciphertext, scrape_password_key_id, inventory_at";

    private const string ServiceColumns =
        "project, service_name, service_type, state, plan, cloud_name, node_count, organization_id, space_id, service_instance_id, "
        + "scrape_hosts, scraped, reason, message";

    /// <summary>Returns the project; null if it was never saved.</summary>
    public async Task<AivenProjectRecord?> FindProjectAsync(AivenProject project, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<ProjectRow>(
            $"SELECT {ProjectColumns} FROM aiven_project WHERE project = @project",
            new { project = project.Value },
            cancellationToken
        );
        return rows.SingleOrDefault()?.ToRecord();
    }

    /// <summary>Returns all saved projects, sorted by name, including those no longer configured.</summary>
    public async Task<IReadOnlyList<AivenProjectRecord>> ProjectsAsync(CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<ProjectRow>($"SELECT {ProjectColumns} FROM aiven_project", null, cancellationToken);
        return [.. rows.Select(row => row.ToRecord()).OrderBy(record => record.Project.Value, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Inserts or replaces the row, except for the ciphertext of an unchanged password. A record read before a
    /// <see cref="SecretReencryption"/> must not restore a ciphertext of an old key.
    /// </summary>
    public Task SaveProjectAsync(AivenProjectRecord project, CancellationToken cancellationToken) =>
        database.ExecuteAsync(
            $"""
            INSERT INTO aiven_project ({ProjectColumns})
            VALUES (@Project, @CaCertificate, @EndpointId, @ScrapeUsername, @ScrapePasswordCiphertext, @ScrapePasswordKeyId, @InventoryAt)
            ON CONFLICT (project) DO UPDATE SET
              ca_certificate = excluded.ca_certificate,
              endpoint_id = excluded.endpoint_id,
              scrape_username = excluded.scrape_username,
              scrape_password_ciphertext = CASE WHEN aiven_project.scrape_username = excluded.scrape_username
                THEN aiven_project.scrape_password_ciphertext ELSE excluded.scrape_password_ciphertext END,
              scrape_password_key_id = CASE WHEN aiven_project.scrape_username = excluded.scrape_username
                THEN aiven_project.scrape_password_key_id ELSE excluded.scrape_password_key_id END,
              inventory_at = excluded.inventory_at
            """,
            ProjectRow.FromRecord(project),
            cancellationToken
        );

    /// <summary>
    /// Replaces the services of a project and sets its inventory time, in one transaction, so that readers never see a partial list.
    /// </summary>
    /// <param name="project">The project. It is inserted if it does not exist.</param>
    /// <param name="inventoryAt">Start time of the list request.</param>
    /// <param name="services">All services of the project.</param>
    /// <param name="cancellationToken">Cancels the change; nothing is changed then.</param>
    public Task SaveInventoryAsync(
        AivenProject project,
        DateTimeOffset inventoryAt,
        IReadOnlyList<AivenServiceRecord> services,
        CancellationToken cancellationToken
    )
    {
        if (services.Any(service => service.Project != project))
        {
            throw new ArgumentException("A service belongs to another project.", nameof(services));
        }
        var args = new { project = project.Value, inventoryAt = inventoryAt.ToUnixMilliseconds() };
        return database.InTransactionAsync(
            async transaction =>
            {
                await transaction.ExecuteAsync(
                    """
                    INSERT INTO aiven_project (project, inventory_at) VALUES (@project, @inventoryAt)
                    ON CONFLICT (project) DO UPDATE SET inventory_at = excluded.inventory_at
                    """,
                    args
                );
                await transaction.ExecuteAsync("DELETE FROM aiven_service WHERE project = @project", args);
                return await transaction.ExecuteAsync(
                    $"""
                    INSERT INTO aiven_service ({ServiceColumns})
                    VALUES (@Project, @ServiceName, @ServiceType, @State, @Plan, @CloudName, @NodeCount, @OrganizationId, @SpaceId,
                            @ServiceInstanceId, @ScrapeHosts, @Scraped, @Reason, @Message)
                    """,
                    services.Select(ServiceRow.FromRecord).ToList()
                );
            },
            cancellationToken
        );
    }

    /// <summary>Returns the services of a project from its last inventory, sorted by name.</summary>
    public async Task<IReadOnlyList<AivenServiceRecord>> ServicesOfProjectAsync(AivenProject project, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<ServiceRow>(
            $"SELECT {ServiceColumns} FROM aiven_service WHERE project = @project",
            new { project = project.Value },
            cancellationToken
        );
        return ToSortedRecords(rows);
    }

    /// <summary>Returns the services of all projects whose tags name this owner, sorted by project and name.</summary>
    public async Task<IReadOnlyList<AivenServiceRecord>> ServicesOfOwnerAsync(OwningSpace owner, CancellationToken cancellationToken)
    {
        var rows = await database.QueryAsync<ServiceRow>(
            $"SELECT {ServiceColumns} FROM aiven_service WHERE organization_id = @OrganizationId AND space_id = @SpaceId",
            new { owner.OrganizationId, owner.SpaceId },
            cancellationToken
        );
        return ToSortedRecords(rows);
    }

    /// <summary>
    /// Returns the start time of the oldest inventory of the projects; null if a project has none, or if no project is given.
    /// </summary>
    public async Task<DateTimeOffset?> OldestInventoryTimeAsync(IReadOnlyList<AivenProject> projects, CancellationToken cancellationToken)
    {
        var known = (await ProjectsAsync(cancellationToken)).ToDictionary(record => record.Project, record => record.InventoryAt);
        var times = projects.Select(project => known.GetValueOrDefault(project)).ToList();
        return times.Count == 0 || times.Contains(null) ? null : times.Min();
    }

    private static List<AivenServiceRecord> ToSortedRecords(IEnumerable<ServiceRow> rows) =>
        [
            .. rows.Select(row => row.ToRecord())
                .OrderBy(record => record.Project.Value, StringComparer.Ordinal)
                .ThenBy(record => record.ServiceName, StringComparer.Ordinal),
        ];

    private sealed class ProjectRow
    {
        public string Project { get; init; } = "";

        public string? CaCertificate { get; init; }

        public string? EndpointId { get; init; }

        public string? ScrapeUsername { get; init; }

        public string? ScrapePasswordCiphertext { get; init; }

        public string? ScrapePasswordKeyId { get; init; }

        public long? InventoryAt { get; init; }

        public static ProjectRow FromRecord(AivenProjectRecord record) =>
            new()
            {
                Project = record.Project.Value,
                CaCertificate = record.CaCertificate,
                EndpointId = record.EndpointId,
                ScrapeUsername = record.ScrapeUsername,
                ScrapePasswordCiphertext = record.ScrapePassword?.Ciphertext,
                ScrapePasswordKeyId = record.ScrapePassword?.KeyId,
                InventoryAt = record.InventoryAt?.ToUnixMilliseconds(),
            };

        public AivenProjectRecord ToRecord() =>
            new(
                new AivenProject(Project),
                CaCertificate,
                EndpointId,
                ScrapeUsername,
                ScrapePasswordCiphertext is { } ciphertext && ScrapePasswordKeyId is { } key ? new ProtectedSecret(ciphertext, key) : null,
                DatabaseValues.FromUnixMilliseconds(InventoryAt)
            );
    }

    private sealed class ServiceRow
    {
        public string Project { get; init; } = "";

        public string ServiceName { get; init; } = "";

        public string ServiceType { get; init; } = "";

        public string State { get; init; } = "";

        public string Plan { get; init; } = "";

        public string CloudName { get; init; } = "";

        public int NodeCount { get; init; }

        public string? OrganizationId { get; init; }

        public string? SpaceId { get; init; }

        public string? ServiceInstanceId { get; init; }

        public string ScrapeHosts { get; init; } = "[]";

        public int Scraped { get; init; }

        public string Reason { get; init; } = "";

        public string Message { get; init; } = "";

        public static ServiceRow FromRecord(AivenServiceRecord record) =>
            new()
            {
                Project = record.Project.Value,
                ServiceName = record.ServiceName,
                ServiceType = record.ServiceType,
                State = record.State,
                Plan = record.Plan,
                CloudName = record.CloudName,
                NodeCount = record.NodeCount,
                OrganizationId = record.Owner?.OrganizationId,
                SpaceId = record.Owner?.SpaceId,
                ServiceInstanceId = record.ServiceInstanceId,
                ScrapeHosts = DatabaseValues.ScrapeHostsToJson(record.ScrapeHosts),
                Scraped = record.IsScraped ? 1 : 0,
                Reason = record.Reason,
                Message = record.Message,
            };

        public AivenServiceRecord ToRecord() =>
            new(
                new AivenProject(Project),
                ServiceName,
                ServiceType,
                State,
                Plan,
                CloudName,
                NodeCount,
                OrganizationId is { } organization && SpaceId is { } space ? new OwningSpace(organization, space) : null,
                ServiceInstanceId,
                DatabaseValues.ScrapeHostsFromJson(ScrapeHosts),
                Scraped == 1,
                Reason,
                Message
            );
    }
}
