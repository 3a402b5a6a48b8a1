using System.Text.Json.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>A project's integration endpoint.</summary>
/// <param name="id">A UUID.</param>
/// <param name="name">1 to 40 characters, immutable.</param>
/// <param name="type">Such as <c>prometheus</c>, immutable.</param>
internal sealed class IntegrationEndpoint(string id, string name, string type)
{
    public string Id { get; } = id;

    public string Name { get; } = name;

    public string Type { get; } = type;

    /// <summary>Contains the credentials of the metrics listeners. Changes take effect immediately.</summary>
    public JsonObject UserConfig { get; set; } = [];
}

/// <summary>An integration of a service with an endpoint. Its times are fixed at creation.</summary>
/// <param name="id">A UUID.</param>
/// <param name="type">Such as <c>prometheus</c>.</param>
/// <param name="endpoint">The destination.</param>
/// <param name="createdAt">Time of creation.</param>
/// <param name="settings">The settings at creation.</param>
internal sealed class Integration(string id, string type, IntegrationEndpoint endpoint, DateTimeOffset createdAt, WorldSettings settings)
{
    public string Id { get; } = id;

    public string Type { get; } = type;

    public IntegrationEndpoint Endpoint { get; } = endpoint;

    /// <summary>Time until which the integration is 404 when read by id; lists already contain it.</summary>
    public DateTimeOffset FoundAt { get; } = createdAt + settings.NotFoundWindow;

    public DateTimeOffset ActiveAt { get; } = createdAt + settings.IntegrationDelay;

    public DateTimeOffset ListensAt { get; } = createdAt + settings.ListenerDelay;

    public JsonObject UserConfig { get; set; } = [];
}
