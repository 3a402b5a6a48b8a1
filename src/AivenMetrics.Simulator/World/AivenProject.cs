using System.Text.RegularExpressions;
using AivenMetrics.Simulator.Nodes;

namespace AivenMetrics.Simulator.World;

/// <summary>A project: its CA, its services and its integration endpoints.</summary>
internal sealed partial class AivenProject(string name, ProjectCertificateAuthority authority)
{
    public string Name { get; } = name;

    public ProjectCertificateAuthority Authority { get; } = authority;

    public SortedDictionary<string, AivenService> Services { get; } = new(StringComparer.Ordinal);

    /// <summary>The endpoints in order of creation.</summary>
    public List<IntegrationEndpoint> Endpoints { get; } = [];

    public static bool IsName(string name) => Names().IsMatch(name);

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z")]
    private static partial Regex Names();
}
