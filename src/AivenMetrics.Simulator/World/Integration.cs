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

    /// <summary>Holds the credentials of the metrics listeners; changing it changes what they accept.</summary>
    public JsonObject UserConfig { get; set; } = [];
}

/// <summary>A source service's integration with an endpoint. The times are fixed when it is made.</summary>
/// <param name="id">A UUID.</param>
/// <param name="type">Such as <c>prometheus</c>.</param>
/// <param name="endpoint">The destination.</param>
/// <param name="createdAt">When it was made.</param>
/// <param name="settings">The delays in force at that time.</param>
internal sealed class Integration(string id, string type, IntegrationEndpoint endpoint, DateTimeOffset createdAt, WorldSettings settings)
{
    public string Id { get; } = id;

    public string Type { get; } = type;

    public IntegrationEndpoint Endpoint { get; } = endpoint;

    /// <summary>Until then it is 404 when read by its id, and by nothing else.</summary>
    public DateTimeOffset FoundAt { get; } = createdAt + settings.NotFoundWindow;

    public DateTimeOffset ActiveAt { get; } = createdAt + settings.IntegrationDelay;

    public DateTimeOffset ListensAt { get; } = createdAt + settings.ListenerDelay;

    public JsonObject UserConfig { get; set; } = [];
}
