using YamlDotNet.Serialization;

namespace AivenMetrics.Tests.Broker.Api;

/// <summary>The committed openapi.yaml, as a tree.</summary>
internal sealed class OpenApiYaml
{
    private readonly Dictionary<object, object?> _root;

    private OpenApiYaml(Dictionary<object, object?> root) => _root = root;

    public static OpenApiYaml Committed { get; } = Read(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "openapi.yaml")));

    /// <summary>Parses a document.</summary>
    public static OpenApiYaml Read(string yaml) => new(new DeserializerBuilder().Build().Deserialize<Dictionary<object, object?>>(yaml));

    /// <summary>All operations by method and path, for example <c>GET /v2/catalog</c>.</summary>
    public IReadOnlyDictionary<string, Dictionary<object, object?>> Operations =>
        Map(_root["paths"])
            .SelectMany(path => Map(path.Value).Select(method => ($"{$"{method.Key}".ToUpperInvariant()} {path.Key}", Map(method.Value))))
            .ToDictionary(pair => pair.Item1, pair => pair.Item2);

    /// <summary>All schemas by name.</summary>
    public IReadOnlyDictionary<string, Dictionary<object, object?>> Schemas =>
        Map(Map(_root["components"])["schemas"]).ToDictionary(schema => $"{schema.Key}", schema => Map(schema.Value));

    public static Dictionary<object, object?> Map(object? node) => node as Dictionary<object, object?> ?? [];

    public static IReadOnlyList<object?> List(object? node) => node as List<object?> ?? [];

    public static object? At(Dictionary<object, object?> node, params string[] path) =>
        path.Aggregate((object?)node, (current, name) => Map(current).GetValueOrDefault(name));

    /// <summary>Returns true for operations of the gateway; all others belong to the broker.</summary>
    public static bool IsOfGateway(Dictionary<object, object?> operation) => List(operation["tags"]).Contains("Gateway");

    /// <summary>Returns a schema or response, or the one that it references.</summary>
    public Dictionary<object, object?> Resolve(object? node) =>
        Map(node).GetValueOrDefault("$ref") is string reference
            ? reference[2..].Split('/').Aggregate(_root, (current, name) => Map(current[name]))
            : Map(node);
}
