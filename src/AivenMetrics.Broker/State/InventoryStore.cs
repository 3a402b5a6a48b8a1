namespace AivenMetrics.Broker.State;

/// <summary>What Aiven last showed: projects and their services.</summary>
public sealed class InventoryStore(Database database)
{
    private const string ProjectColumns =
        "project, ca_certificate, endpoint_id, scrape_username, scrape_password_ciphertext, scrape_password_key_id, inventory_at";

    private const string ServiceColumns =
        "project, service_name, service_type, state, plan, cloud_name, node_count, organization_id, space_id, service_instance_id, "
        + "scrape_hosts, scraped, reason, message";

    /// <summary>The project, or null when nothing was saved of it.</summary>
    public async Task<ProjectRecord?> FindProject(AivenProject project, CancellationToken ct)
    {
        var rows = await database.Query<ProjectRow>(
            $"SELECT {ProjectColumns} FROM aiven_project WHERE project = @project", new { project = project.Value }, ct);
        return rows.SingleOrDefault()?.Record();
    }

    /// <summary>Every project ever saved, sorted by name; also those that are no longer configured.</summary>
    public async Task<IReadOnlyList<ProjectRecord>> Projects(CancellationToken ct)
    {
        var rows = await database.Query<ProjectRow>($"SELECT {ProjectColumns} FROM aiven_project", null, ct);
        return [.. rows.Select(row => row.Record()).OrderBy(record => record.Project.Value, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Inserts or replaces the whole row, but for the ciphertext of a password that stays: each pair of user and password is made
    /// once, and a record that was read before <see cref="Rekeying"/> must not bring an old key back.
    /// </summary>
    public Task SaveProject(ProjectRecord project, CancellationToken ct) => database.Execute(
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
        ProjectRow.Of(project),
        ct);

    /// <summary>Replaces the project's services and sets its inventory time, in one transaction: no reader sees half a list.</summary>
    /// <param name="project">The project; inserted when nothing was saved of it.</param>
    /// <param name="inventoryAt">When the list call that showed the services began.</param>
    /// <param name="services">All services of the project, each of that project.</param>
    /// <param name="ct">Cancels; nothing is changed then.</param>
    public Task SaveInventory(
        AivenProject project, DateTimeOffset inventoryAt, IReadOnlyList<AivenServiceRecord> services, CancellationToken ct)
    {
        if (services.Any(service => service.Project != project))
            throw new ArgumentException("A service belongs to another project.", nameof(services));
        var args = new { project = project.Value, inventoryAt = inventoryAt.Milliseconds() };
        return database.Write(
            async transaction =>
            {
                await transaction.Execute(
                    """
                    INSERT INTO aiven_project (project, inventory_at) VALUES (@project, @inventoryAt)
                    ON CONFLICT (project) DO UPDATE SET inventory_at = excluded.inventory_at
                    """,
                    args);
                await transaction.Execute("DELETE FROM aiven_service WHERE project = @project", args);
                return await transaction.Execute(
                    $"""
                    INSERT INTO aiven_service ({ServiceColumns})
                    VALUES (@Project, @ServiceName, @ServiceType, @State, @Plan, @CloudName, @NodeCount, @OrganizationId, @SpaceId,
                            @ServiceInstanceId, @ScrapeHosts, @Scraped, @Reason, @Message)
                    """,
                    services.Select(ServiceRow.Of).ToList());
            },
            ct);
    }

    /// <summary>The project's services as of its last inventory, sorted by name.</summary>
    public async Task<IReadOnlyList<AivenServiceRecord>> Services(AivenProject project, CancellationToken ct)
    {
        var rows = await database.Query<ServiceRow>(
            $"SELECT {ServiceColumns} FROM aiven_service WHERE project = @project", new { project = project.Value }, ct);
        return Sorted(rows);
    }

    /// <summary>The services whose tags name this organization and space, in all projects; sorted by project and name.</summary>
    public async Task<IReadOnlyList<AivenServiceRecord>> ServicesOf(SpaceOwner owner, CancellationToken ct)
    {
        var rows = await database.Query<ServiceRow>(
            $"SELECT {ServiceColumns} FROM aiven_service WHERE organization_id = @OrganizationId AND space_id = @SpaceId",
            new { owner.OrganizationId, owner.SpaceId },
            ct);
        return Sorted(rows);
    }

    /// <summary>When the oldest of the projects' inventories began; null when any has none, or none is asked for.</summary>
    public async Task<DateTimeOffset?> OldestInventory(IReadOnlyList<AivenProject> projects, CancellationToken ct)
    {
        var known = (await Projects(ct)).ToDictionary(record => record.Project, record => record.InventoryAt);
        var times = projects.Select(project => known.GetValueOrDefault(project)).ToList();
        return times.Count == 0 || times.Contains(null) ? null : times.Min();
    }

    private static List<AivenServiceRecord> Sorted(IEnumerable<ServiceRow> rows) =>
    [
        .. rows.Select(row => row.Record())
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

        public static ProjectRow Of(ProjectRecord record) => new()
        {
            Project = record.Project.Value,
            CaCertificate = record.CaCertificate,
            EndpointId = record.EndpointId,
            ScrapeUsername = record.ScrapeUsername,
            ScrapePasswordCiphertext = record.ScrapePassword?.Ciphertext,
            ScrapePasswordKeyId = record.ScrapePassword?.KeyId,
            InventoryAt = record.InventoryAt?.Milliseconds(),
        };

        public ProjectRecord Record() => new(
            new AivenProject(Project),
            CaCertificate,
            EndpointId,
            ScrapeUsername,
            ScrapePasswordCiphertext is { } ciphertext && ScrapePasswordKeyId is { } key ? new ProtectedSecret(ciphertext, key) : null,
            Words.Time(InventoryAt));
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

        public static ServiceRow Of(AivenServiceRecord record) => new()
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
            ScrapeHosts = Words.Json(record.ScrapeHosts),
            Scraped = record.Scraped ? 1 : 0,
            Reason = record.Reason,
            Message = record.Message,
        };

        public AivenServiceRecord Record() => new(
            new AivenProject(Project),
            ServiceName,
            ServiceType,
            State,
            Plan,
            CloudName,
            NodeCount,
            OrganizationId is { } organization && SpaceId is { } space ? new SpaceOwner(organization, space) : null,
            ServiceInstanceId,
            Words.ScrapeHosts(ScrapeHosts),
            Scraped == 1,
            Reason,
            Message);
    }
}
